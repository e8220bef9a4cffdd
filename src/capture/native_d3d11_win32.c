/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"
#include "capture/out_ring.h"

#include "backend/cpu/cpu.h"
#include "backend/d3d11/d3d11.h"
#include "common/log.h"

fr_status fr_capture_native_backends(struct fr_backend_host *backend, struct fr_backend_host *fallback,
                                     struct fr_os os, const fr_capture_params *params)
{
    switch (params->backend) {
    case FR_BACKEND_CPU: return fr_cpu_host_create(backend, os);
    case FR_BACKEND_AUTO:
    case FR_BACKEND_D3D11: break;
    default:
        fr_log_write(&params->log, FR_LOG_ERROR, "this backend is not built in; use auto, d3d11 or cpu");
        return FR_ERR_UNSUPPORTED;
    }
    const fr_status status = fr_d3d11_host_create(backend, params->d3d11, NULL, &params->log);
    if (status == FR_ERR_UNSUPPORTED && params->backend == FR_BACKEND_AUTO)
        return fr_cpu_host_create(backend, os);
    return status < 0 ? status : fr_cpu_host_create(fallback, os);
}

fr_status fr_frame_d3d11(const fr_frame *frame, fr_d3d11_picture *out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = (fr_d3d11_picture){0};
    if (!frame || !frame->surface)
        return FR_ERR_ARGUMENT;
    const struct fr_surface *surface = frame->surface;
    if (surface->ring->picture_destroy != fr_d3d11_picture_destroy)
        return FR_ERR_UNSUPPORTED;
    fr_d3d11_picture_get(&surface->picture, out);
    return FR_OK;
}
