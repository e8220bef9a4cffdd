/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_DEVICE_H
#define FR_BACKEND_D3D11_DEVICE_H

/* A device with what the backend uses of it, counted: rings, converters and pictures keep it alive. */

#include "backend/d3d11/api.h"
#include "backend/d3d11/d3d11.h"
#include "backend/d3d11/result.h"

/* How long anything may wait for the GPU. */
#define FR_D3D11_GPU_WAIT_NS FR_NS_PER_S

struct fr_d3d11_luid {
    uint32_t low;
    int32_t high;
};

struct fr_d3d11_device {
    uint32_t refs;
    uint32_t lost;          /* 1 from the first sign of it on */
    uint32_t reason;        /* HRESULT; before `lost` */
    uint32_t reason_logged; /* 1: once is enough */
    uint32_t starts_copies; /* 1 once a picture was mapped: conversions start the copy at once */
    struct fr_d3d11_luid luid;
    ID3D11Device *device;
    ID3D11DeviceContext *context;
    ID3D11Multithread *multithread;
    ID3D11Device1 *device1; /* NULL: cannot open shared textures */
    ID3D11Device5 *device5; /* NULL, and the next: no fences */
    ID3D11DeviceContext4 *context4;
};

/* Which adapter is wanted. */
struct fr_d3d11_wish {
    const fr_d3d11_host_params *params;
    bool has_luid; /* this one or none */
    struct fr_d3d11_luid luid;
};

/* FR_ERR_UNSUPPORTED: there is none, logged. */
fr_status fr_d3d11_adapter_choose(const struct fr_d3d11_api *api, const struct fr_d3d11_wish *wish,
                                  const fr_log *log, IDXGIAdapter1 **out);

/* FR_ERR_UNSUPPORTED: no adapter, or it cannot be used; FR_ERR_NO_MEMORY. Logged. */
fr_status fr_d3d11_device_create(struct fr_d3d11_device **out, const struct fr_d3d11_api *api,
                                 const struct fr_d3d11_wish *wish, const fr_log *log);

/* Takes a reference to a device that somebody else made. */
fr_status fr_d3d11_device_wrap(struct fr_d3d11_device **out, ID3D11Device *device, const fr_log *log);

struct fr_d3d11_device *fr_d3d11_device_ref(struct fr_d3d11_device *device);
void fr_d3d11_device_unref(struct fr_d3d11_device *device); /* accepts NULL */

bool fr_d3d11_device_is_lost(const struct fr_d3d11_device *device);

/* After a call that failed with `result`: true when the device is gone. */
bool fr_d3d11_device_check(struct fr_d3d11_device *device, HRESULT result);

/* What a failed call means to our callers: FR_ERR_DEVICE_LOST, FR_ERR_NO_MEMORY, FR_ERR_PERMISSION,
 * FR_ERR_TARGET_BUSY (a name is taken), FR_ERR_SYSTEM. */
fr_status fr_d3d11_device_status(struct fr_d3d11_device *device, HRESULT result);

/* Says, once for a device, that and why it is lost. */
void fr_d3d11_device_log_loss(struct fr_d3d11_device *device, const fr_log *log);

/* Around calls on the immediate context that belong together. */
static inline void fr_d3d11_device_enter(struct fr_d3d11_device *device)
{
    ID3D11Multithread_Enter(device->multithread);
}

static inline void fr_d3d11_device_leave(struct fr_d3d11_device *device)
{
    ID3D11Multithread_Leave(device->multithread);
}

#endif
