/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which way a ring is shared: decided from what both sides said of themselves. */
#include "backend/vulkan/ring.h"

#include <stdio.h>
#include <string.h>

static const char another_device[] = "the source is on another device or driver";

/* "" or why images cannot be shared as OPAQUE_FD. */
static const char *against_opaque_fd(const struct fr_vk_device *device, const fr_vulkan_host_params *params,
                                     uint64_t capabilities, const struct fr_gpu *source)
{
    if (params->no_opaque_fd)
        return "OPAQUE_FD is turned off";
    if (!device->opaque_fd)
        return device->fault[FR_VK_WAY_OPAQUE_FD];
    if (!(capabilities & FR_CAP_OPAQUE_FD))
        return source->present ? "the source's device does not share images" : "the source has no GPU";
    return fr_vk_gpu_equal(&device->gpu, source) ? "" : another_device;
}

static void common_modifiers(struct fr_vk_plan *plan, const struct fr_gpu *a, const struct fr_gpu *b)
{
    plan->num_modifiers = 0;
    for (uint32_t i = 0; i < a->num_modifiers && i < FR_GPU_MODIFIERS_MAX; i++)
        for (uint32_t j = 0; j < b->num_modifiers && j < FR_GPU_MODIFIERS_MAX; j++)
            if (a->modifier[i] == b->modifier[j]) {
                plan->modifier[plan->num_modifiers++] = a->modifier[i];
                break;
            }
}

static const char *against_dma_buf(struct fr_vk_plan *plan, const struct fr_vk_device *device,
                                   const fr_vulkan_host_params *params, uint64_t capabilities,
                                   const struct fr_gpu *source)
{
    if (params->no_dma_buf)
        return "DMA-BUF is turned off";
    if (!device->dma_buf)
        return device->fault[FR_VK_WAY_DMA_BUF];
    if (!(capabilities & FR_CAP_DMA_BUF))
        return source->present ? "the source's device has no DMA-BUF" : "the source has no GPU";
    if (!fr_vk_gpu_equal(&device->gpu, source) && !device->foreign)
        return device->fault[FR_VK_WAY_FOREIGN];
    if (!fr_vk_gpu_equal(&device->gpu, source) && !(capabilities & FR_CAP_FOREIGN))
        return "the source's device lacks VK_EXT_queue_family_foreign";
    common_modifiers(plan, &device->gpu, source);
    return plan->num_modifiers ? "" : "the two devices have no DRM format modifier in common";
}

/* Semaphores have no other handle than the one that needs the same device. */
static const char *against_timeline(const struct fr_vk_device *device, const fr_vulkan_host_params *params,
                                    uint64_t capabilities, const struct fr_gpu *source)
{
    if (params->no_timeline)
        return "timelines are turned off";
    if (!device->shared_timeline)
        return device->fault[FR_VK_WAY_TIMELINE];
    if (!(capabilities & FR_CAP_TIMELINE))
        return "the source's device does not share timelines";
    return fr_vk_gpu_equal(&device->gpu, source) ? "" : another_device;
}

/* Semaphores of one wait, on the other hand, are the kernel's: any two devices have them in common. */
static const char *against_sync_file(const struct fr_vk_device *device, const fr_vulkan_host_params *params,
                                     uint64_t capabilities)
{
    if (params->no_sync_file)
        return "sync files are turned off";
    if (!device->sync_file)
        return device->fault[FR_VK_WAY_SYNC_FILE];
    return capabilities & FR_CAP_SYNC_FILE ? "" : "the source has no sync files";
}

static const char *against_host_memory(const struct fr_vk_device *device, const fr_vulkan_host_params *params)
{
    if (params->no_host_memory)
        return "import of memory is turned off";
    return device->host_memory ? "" : device->fault[FR_VK_WAY_HOST_MEMORY];
}

fr_status fr_vk_plan_make(struct fr_vk_plan *plan, const struct fr_vk_device *device,
                          const fr_vulkan_host_params *params, uint64_t capabilities,
                          const struct fr_gpu *source)
{
    *plan = (struct fr_vk_plan){.sync_kind = FR_WIRE_SYNC_STATES};
    const char **const fault = plan->fault;
    fault[FR_VK_WAY_OPAQUE_FD] = against_opaque_fd(device, params, capabilities, source);
    fault[FR_VK_WAY_DMA_BUF] = against_dma_buf(plan, device, params, capabilities, source);
    fault[FR_VK_WAY_TIMELINE] = against_timeline(device, params, capabilities, source);
    fault[FR_VK_WAY_SYNC_FILE] = against_sync_file(device, params, capabilities);
    fault[FR_VK_WAY_HOST_MEMORY] = against_host_memory(device, params);
    const bool dma_buf = !*fault[FR_VK_WAY_DMA_BUF], fence = !*fault[FR_VK_WAY_TIMELINE];
    const bool file = dma_buf && !fence && !*fault[FR_VK_WAY_SYNC_FILE];
    /* A source that waits for its GPU loses more than images of another tiling do. */
    if (!*fault[FR_VK_WAY_OPAQUE_FD] && file)
        fault[FR_VK_WAY_OPAQUE_FD] = "as OPAQUE_FD the source would wait for its GPU";
    if (!*fault[FR_VK_WAY_OPAQUE_FD] || dma_buf) {
        plan->kind = *fault[FR_VK_WAY_OPAQUE_FD] ? FR_SLOTS_DMA_BUF : FR_SLOTS_OPAQUE_FD;
        plan->outside = fr_vk_outside_family(plan->kind, &device->gpu, source);
        plan->sync_kind = fence ? FR_WIRE_SYNC_FENCE : file ? FR_WIRE_SYNC_FILE : FR_WIRE_SYNC_STATES;
        return FR_OK;
    }
    plan->kind = FR_SLOTS_MEMORY;
    plan->import = !*fault[FR_VK_WAY_HOST_MEMORY];
    return capabilities & FR_CAP_STATES ? FR_OK : FR_ERR_UNSUPPORTED;
}

const char *fr_vk_plan_slots(const struct fr_vk_plan *plan)
{
    switch (plan->kind) {
    case FR_SLOTS_OPAQUE_FD: return "images shared as OPAQUE_FD";
    case FR_SLOTS_DMA_BUF: return "images shared as DMA-BUF";
    default: return plan->import ? "shared memory that the GPU reads" : "shared memory that is uploaded";
    }
}

enum fr_ring_path fr_vk_plan_path(const struct fr_vk_plan *plan)
{
    if (plan->kind != FR_SLOTS_MEMORY)
        return FR_RING_PATH_DIRECT;
    return plan->import ? FR_RING_PATH_IMPORT : FR_RING_PATH_UPLOAD;
}

const char *fr_vk_plan_sync(const struct fr_vk_plan *plan)
{
    if (plan->sync_kind == FR_WIRE_SYNC_FENCE)
        return "shared timeline semaphores";
    if (plan->sync_kind == FR_WIRE_SYNC_FILE)
        return "fences attached to the images";
    return plan->kind == FR_SLOTS_MEMORY ? "slot states" : "slot states and the source's fence";
}

/* One reason may speak against several ways. */
static void add_reason(char *out, size_t bytes, const char *reason)
{
    const size_t length = strlen(out);
    if (*reason && !strstr(out, reason))
        snprintf(out + length, bytes - length, "%s%s", length ? "; " : "", reason);
}

void fr_vk_plan_why(const struct fr_vk_plan *plan, char out[FR_VK_WHY_BYTES])
{
    const char *const *const fault = plan->fault;
    const bool memory = plan->kind == FR_SLOTS_MEMORY;
    char failed[64] = "";
    out[0] = '\0';
    if (plan->kind != FR_SLOTS_OPAQUE_FD)
        add_reason(out, FR_VK_WHY_BYTES, fault[FR_VK_WAY_OPAQUE_FD]);
    if (memory)
        add_reason(out, FR_VK_WHY_BYTES, fault[FR_VK_WAY_DMA_BUF]);
    if (memory && !plan->import)
        add_reason(out, FR_VK_WHY_BYTES, fault[FR_VK_WAY_HOST_MEMORY]);
    if (!memory && plan->sync_kind != FR_WIRE_SYNC_FENCE)
        add_reason(out, FR_VK_WHY_BYTES, fault[FR_VK_WAY_TIMELINE]);
    /* With sync files it would be a DMA-BUF. */
    const enum fr_vk_way file = *fault[FR_VK_WAY_DMA_BUF] ? FR_VK_WAY_DMA_BUF : FR_VK_WAY_SYNC_FILE;
    if (!memory && plan->sync_kind == FR_WIRE_SYNC_STATES)
        add_reason(out, FR_VK_WHY_BYTES, fault[file]);
    if (plan->import_result != VK_SUCCESS)
        snprintf(failed, sizeof(failed), "the import failed: %s", fr_vk_result_name(plan->import_result));
    add_reason(out, FR_VK_WHY_BYTES, failed);
}
