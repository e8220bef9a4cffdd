/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which way a ring is shared: decided from what both sides said of themselves. */
#include "backend/vulkan/ring.h"

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
    return fr_vk_gpu_equal(&device->gpu, source) ? "" : "the source is on another device or driver";
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
    common_modifiers(plan, &device->gpu, source);
    return plan->num_modifiers ? "" : "the two devices have no DRM format modifier in common";
}

/* Semaphores have no other handle than the one that needs the same device. */
static bool has_timeline(const struct fr_vk_device *device, const fr_vulkan_host_params *params,
                         uint64_t capabilities, const struct fr_gpu *source)
{
    return !params->no_timeline && device->shared_timeline && (capabilities & FR_CAP_TIMELINE) &&
           fr_vk_gpu_equal(&device->gpu, source);
}

/* Semaphores of one wait, on the other hand, are the kernel's: any two devices have them in common. */
static bool has_sync_file(const struct fr_vk_device *device, const fr_vulkan_host_params *params,
                          uint64_t capabilities)
{
    return !params->no_sync_file && device->sync_file && (capabilities & FR_CAP_SYNC_FILE);
}

fr_status fr_vk_plan_make(struct fr_vk_plan *plan, const struct fr_vk_device *device,
                          const fr_vulkan_host_params *params, uint64_t capabilities,
                          const struct fr_gpu *source)
{
    *plan = (struct fr_vk_plan){
        .sync_kind =
            has_timeline(device, params, capabilities, source) ? FR_WIRE_SYNC_FENCE : FR_WIRE_SYNC_STATES,
        .fault = "",
    };
    const bool fence = plan->sync_kind == FR_WIRE_SYNC_FENCE;
    const bool dma_buf = !*against_dma_buf(plan, device, params, capabilities, source);
    const bool file = dma_buf && !fence && has_sync_file(device, params, capabilities);
    plan->fault = against_opaque_fd(device, params, capabilities, source);
    /* A source that waits for its GPU loses more than images of another tiling do. */
    if (!*plan->fault && file)
        plan->fault = "as OPAQUE_FD the source would wait for its GPU";
    if (!*plan->fault) {
        plan->kind = FR_SLOTS_OPAQUE_FD;
        return FR_OK;
    }
    if (dma_buf) {
        plan->kind = FR_SLOTS_DMA_BUF;
        plan->sync_kind = file ? FR_WIRE_SYNC_FILE : plan->sync_kind;
        return FR_OK;
    }
    plan->kind = FR_SLOTS_MEMORY;
    plan->sync_kind = FR_WIRE_SYNC_STATES;
    plan->import = device->host_memory && !params->no_host_memory;
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

const char *fr_vk_plan_sync(const struct fr_vk_plan *plan)
{
    if (plan->sync_kind == FR_WIRE_SYNC_FENCE)
        return "shared timeline semaphores";
    if (plan->sync_kind == FR_WIRE_SYNC_FILE)
        return "fences attached to the images";
    return plan->kind == FR_SLOTS_MEMORY ? "slot states" : "slot states and the source's fence";
}
