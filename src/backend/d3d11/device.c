/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/device.h"

#include "common/log.h"
#include "os/atomic.h"

#include <stdlib.h>

/* The priority of GPU threads that only drivers of displays have; if it is refused, the highest that
 * everybody may have. */
#define GPU_PRIORITY_DISPLAY 0x4000001E
#define GPU_PRIORITY_HIGHEST 7

/* D3DKMT_SCHEDULINGPRIORITYCLASS_HIGH. The class above it, real time, can stop hardware encoders where the
 * GPU schedules itself. */
#define SCHEDULING_CLASS_HIGH 4

struct fr_d3d11_device *fr_d3d11_device_ref(struct fr_d3d11_device *device)
{
    (void)fr_add_acq_rel_u32(&device->refs, 1);
    return device;
}

void fr_d3d11_device_unref(struct fr_d3d11_device *device)
{
    if (!device || fr_sub_acq_rel_u32(&device->refs, 1) != 0)
        return;
    fr_com_release(device->context4);
    fr_com_release(device->device5);
    fr_com_release(device->device1);
    fr_com_release(device->multithread);
    fr_com_release(device->context);
    fr_com_release(device->device);
    free(device);
}

static bool find_luid(ID3D11Device *device, struct fr_d3d11_luid *out)
{
    IDXGIDevice *dxgi = fr_com_query(device, &IID_IDXGIDevice);
    IDXGIAdapter *adapter = NULL;
    DXGI_ADAPTER_DESC desc;
    const bool known = dxgi && IDXGIDevice_GetAdapter(dxgi, &adapter) == S_OK &&
                       IDXGIAdapter_GetDesc(adapter, &desc) == S_OK;
    if (known)
        *out = (struct fr_d3d11_luid){desc.AdapterLuid.LowPart, desc.AdapterLuid.HighPart};
    fr_com_release(adapter);
    fr_com_release(dxgi);
    return known;
}

fr_status fr_d3d11_device_wrap(struct fr_d3d11_device **out, ID3D11Device *device, const fr_log *log)
{
    *out = NULL;
    struct fr_d3d11_device *wrapped = calloc(1, sizeof(*wrapped));
    if (!wrapped)
        return FR_ERR_NO_MEMORY;
    wrapped->refs = 1;
    wrapped->device = device;
    ID3D11Device_AddRef(device);
    ID3D11Device_GetImmediateContext(device, &wrapped->context);
    wrapped->multithread = fr_com_query(wrapped->context, &IID_ID3D11Multithread);
    if (!wrapped->multithread || !find_luid(device, &wrapped->luid)) {
        fr_log_write(log, FR_LOG_WARNING, "the Direct3D device can %s; its driver or its runtime is too old",
                     wrapped->multithread ? "not name its adapter" : "be used from one thread only");
        fr_d3d11_device_unref(wrapped);
        return FR_ERR_UNSUPPORTED;
    }
    (void)ID3D11Multithread_SetMultithreadProtected(wrapped->multithread, TRUE);
    wrapped->device1 = fr_com_query(device, &IID_ID3D11Device1);
    wrapped->device5 = fr_com_query(device, &IID_ID3D11Device5);
    if (wrapped->device5)
        wrapped->context4 = fr_com_query(wrapped->context, &IID_ID3D11DeviceContext4);
    *out = wrapped;
    return FR_OK;
}

static HRESULT make(const struct fr_d3d11_api *api, IDXGIAdapter1 *adapter, ID3D11Device **out)
{
    static const D3D_FEATURE_LEVEL levels[] = {D3D_FEATURE_LEVEL_11_1, D3D_FEATURE_LEVEL_11_0};
    HRESULT result = E_FAIL;
    /* A runtime that has never heard of 11.1 refuses a list with it in. */
    for (UINT first = 0; first < 2; first++) {
        result = api->create_device((IDXGIAdapter *)adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL,
                                    D3D11_CREATE_DEVICE_BGRA_SUPPORT, levels + first, 2 - first,
                                    D3D11_SDK_VERSION, out, NULL, NULL);
        if (result != E_INVALIDARG)
            break;
    }
    return result;
}

/* Wishes: where they are not granted, frames come a little later. */
static void prioritize(const struct fr_d3d11_api *api, ID3D11Device *device, const fr_log *log)
{
    IDXGIDevice1 *dxgi = fr_com_query(device, &IID_IDXGIDevice1);
    if (!dxgi)
        return;
    if (IDXGIDevice1_SetGPUThreadPriority(dxgi, GPU_PRIORITY_DISPLAY) != S_OK &&
        IDXGIDevice1_SetGPUThreadPriority(dxgi, GPU_PRIORITY_HIGHEST) != S_OK)
        fr_log_write(log, FR_LOG_DEBUG, "the GPU thread's priority cannot be raised");
    if (IDXGIDevice1_SetMaximumFrameLatency(dxgi, 1) != S_OK)
        fr_log_write(log, FR_LOG_DEBUG, "the frame latency cannot be set");
    if (api->set_scheduling_class &&
        api->set_scheduling_class(GetCurrentProcess(), SCHEDULING_CLASS_HIGH) != 0)
        fr_log_write(log, FR_LOG_DEBUG,
                     "the process's GPU work cannot go first; that needs the right to raise priorities");
    fr_com_release(dxgi);
}

fr_status fr_d3d11_device_create(struct fr_d3d11_device **out, const struct fr_d3d11_api *api,
                                 const struct fr_d3d11_wish *wish, const fr_log *log)
{
    *out = NULL;
    IDXGIAdapter1 *adapter = NULL;
    fr_status status = fr_d3d11_adapter_choose(api, wish, log, &adapter);
    if (status < 0)
        return status;
    DXGI_ADAPTER_DESC1 desc = {0};
    (void)IDXGIAdapter1_GetDesc1(adapter, &desc);
    ID3D11Device *device = NULL;
    const HRESULT result = make(api, adapter, &device);
    fr_com_release(adapter);
    if (result != S_OK) {
        fr_log_write(log, FR_LOG_WARNING, "no Direct3D device can be made on \"%ls\": %s (0x%08lx)",
                     desc.Description, fr_result_name(result), result);
        return result == E_OUTOFMEMORY ? FR_ERR_NO_MEMORY : FR_ERR_UNSUPPORTED;
    }
    status = fr_d3d11_device_wrap(out, device, log);
    if (status == FR_OK) {
        prioritize(api, device, log);
        fr_log_write(log, FR_LOG_INFO, "pictures are converted on \"%ls\"", desc.Description);
    }
    fr_com_release(device);
    return status;
}

bool fr_d3d11_device_is_lost(const struct fr_d3d11_device *device)
{
    /* Pairs with the release in fr_d3d11_device_check. */
    return fr_load_acquire_u32(&device->lost) != 0;
}

bool fr_d3d11_device_check(struct fr_d3d11_device *device, HRESULT result)
{
    if (fr_d3d11_device_is_lost(device))
        return true;
    const HRESULT reason = ID3D11Device_GetDeviceRemovedReason(device->device);
    if (reason == S_OK && !fr_result_is_removal(result))
        return false;
    fr_store_relaxed_u32(&device->reason, (uint32_t)(reason == S_OK ? result : reason));
    fr_store_release_u32(&device->lost, 1);
    return true;
}

fr_status fr_d3d11_device_status(struct fr_d3d11_device *device, HRESULT result)
{
    if (fr_d3d11_device_check(device, result))
        return FR_ERR_DEVICE_LOST;
    switch (result) {
    case E_OUTOFMEMORY: return FR_ERR_NO_MEMORY;
    case E_ACCESSDENIED:
    case DXGI_ERROR_ACCESS_DENIED: return FR_ERR_PERMISSION;
    case DXGI_ERROR_NAME_ALREADY_EXISTS: return FR_ERR_TARGET_BUSY;
    default: return FR_ERR_SYSTEM;
    }
}

void fr_d3d11_device_log_loss(struct fr_d3d11_device *device, const fr_log *log)
{
    if (!fr_d3d11_device_is_lost(device) || !fr_compare_swap_u32(&device->reason_logged, 0, 1))
        return;
    const HRESULT reason = (HRESULT)fr_load_relaxed_u32(&device->reason);
    fr_log_write(log, FR_LOG_WARNING, "the GPU's device was lost: %s (0x%08lx)", fr_result_name(reason),
                 (unsigned long)reason);
}
