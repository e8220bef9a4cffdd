/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"
#include "capture/out_ring.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/vulkan.h"
#include "common/log.h"

fr_status fr_capture_native_backends(struct fr_backend_host *backend, struct fr_backend_host *fallback,
                                     struct fr_os os, const fr_capture_params *params)
{
    switch (params->backend) {
    case FR_BACKEND_CPU: return fr_cpu_host_create(backend, os);
    case FR_BACKEND_AUTO:
    case FR_BACKEND_VULKAN: break;
    default:
        fr_log_write(&params->log, FR_LOG_ERROR, "this backend is not built in; use auto, vulkan or cpu");
        return FR_ERR_UNSUPPORTED;
    }
    const bool automatic = params->backend == FR_BACKEND_AUTO;
    const fr_status status = fr_vk_host_create(backend, params->vulkan, os, automatic, &params->log);
    if (status == FR_ERR_UNSUPPORTED)
        return fr_cpu_host_create(backend, os);
    return status < 0 ? status : fr_cpu_host_create(fallback, os);
}

static bool lies_there(const fr_frame *frame)
{
    return frame->surface->ring->picture_destroy == fr_vk_picture_destroy;
}

fr_status fr_frame_vulkan(const fr_frame *frame, fr_vulkan_picture *out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = (fr_vulkan_picture){0};
    if (!frame || !frame->surface)
        return FR_ERR_ARGUMENT;
    if (!lies_there(frame))
        return FR_ERR_UNSUPPORTED;
    fr_vk_picture_get(&frame->surface->picture, out);
    return FR_OK;
}

fr_status fr_frame_vulkan_wait(const fr_frame *frame)
{
    if (!frame || !frame->surface)
        return FR_ERR_ARGUMENT;
    return lies_there(frame) ? fr_vk_picture_wait(&frame->surface->picture) : FR_ERR_UNSUPPORTED;
}

fr_status fr_frame_vulkan_left(const fr_frame *frame, const uint32_t layout[2])
{
    if (!frame || !frame->surface || !layout || !layout[0] || !layout[1])
        return FR_ERR_ARGUMENT;
    if (!lies_there(frame))
        return FR_ERR_UNSUPPORTED;
    fr_vk_picture_left(&frame->surface->picture, layout);
    return FR_OK;
}

fr_status fr_frame_vulkan_device(const fr_frame *frame, fr_vulkan_device **out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    if (!frame || !frame->surface)
        return FR_ERR_ARGUMENT;
    if (!lies_there(frame))
        return FR_ERR_UNSUPPORTED;
    *out = fr_vk_picture_device(&frame->surface->picture);
    return FR_OK;
}

void fr_vulkan_device_release(fr_vulkan_device **device)
{
    if (!device || !*device)
        return;
    fr_vk_held_device_release(*device);
    *device = NULL;
}

void fr_vulkan_device_lock(fr_vulkan_device *device)
{
    fr_vk_held_device_lock(device, true);
}

void fr_vulkan_device_unlock(fr_vulkan_device *device)
{
    fr_vk_held_device_lock(device, false);
}

fr_status fr_frame_vulkan_export(const fr_frame *frame, fr_vulkan_handle_kind kind, int *out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = -1;
    if (!frame || !frame->surface || (kind != FR_VULKAN_HANDLE_OPAQUE_FD && kind != FR_VULKAN_HANDLE_DMA_BUF))
        return FR_ERR_ARGUMENT;
    return lies_there(frame) ? fr_vk_picture_export(&frame->surface->picture, kind, out) : FR_ERR_UNSUPPORTED;
}

fr_status fr_vulkan_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log)
{
    if (!count || (max && !out))
        return FR_ERR_ARGUMENT;
    *count = 0;
    return fr_vk_probe(out, max, count, log);
}
