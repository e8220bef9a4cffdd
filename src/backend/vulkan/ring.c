/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/ring.h"

#include "backend/vulkan/format.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Some drivers hand out more than there is. */
static bool fits(const struct fr_vk_ring *ring)
{
    const VkPhysicalDeviceMemoryProperties *memory = &ring->device->memory;
    const uint32_t heap = memory->memoryTypes[ring->layout.memory_type].heapIndex;
    return ring->layout.bytes <= memory->memoryHeaps[heap].size / ring->shape.ring_len;
}

/* All slots are told of once. */
static VkResult agree(struct fr_vk_ring *ring, const struct fr_gpu_image *layout, uint32_t index)
{
    if (!index) {
        ring->layout = *layout;
        if (!fits(ring))
            return VK_ERROR_OUT_OF_DEVICE_MEMORY;
        if (ring->plan.kind == FR_SLOTS_DMA_BUF) {
            ring->plan.modifier[0] = layout->modifier;
            ring->plan.num_modifiers = 1;
        }
    }
    return !memcmp(&ring->layout, layout, sizeof(*layout)) ? VK_SUCCESS : VK_ERROR_UNKNOWN;
}

static VkResult make_slots(struct fr_vk_ring *ring)
{
    const struct fr_vk_sharing sharing = {
        .kind = ring->plan.kind,
        .width = ring->shape.width,
        .height = ring->shape.height,
        .format = ring->shape.format,
        .modifiers = ring->plan.modifier,
        .num_modifiers = ring->plan.num_modifiers,
    };
    VkResult result = VK_SUCCESS;
    for (uint32_t i = 0; i < ring->shape.ring_len && result == VK_SUCCESS; i++) {
        struct fr_vk_sharing one = sharing;
        struct fr_vk_slot *slot = &ring->slot[i];
        struct fr_gpu_image layout;
        one.num_modifiers = ring->plan.num_modifiers;
        slot->serial = fr_vk_device_serial(ring->device);
        result = fr_vk_image_export(ring->device, &one, &slot->image, &layout, &slot->fd);
        if (result == VK_SUCCESS)
            result = agree(ring, &layout, i);
        if (result == VK_SUCCESS)
            result = fr_vk_view_create(ring->device, slot->image.image, fr_vk_format(ring->shape.format),
                                       VK_IMAGE_USAGE_SAMPLED_BIT, &slot->view);
        if (result == VK_SUCCESS && ring->plan.sync_kind == FR_WIRE_SYNC_FILE)
            result = fr_vk_semaphore_create(ring->device, false, &slot->arrived);
        if (result == VK_SUCCESS && ring->plan.sync_kind == FR_WIRE_SYNC_FILE)
            result = fr_vk_semaphore_create(ring->device, true, &slot->left);
    }
    return result;
}

static void record_handover(const void *what, VkCommandBuffer commands)
{
    const struct fr_vk_ring *const ring = what;
    VkImageMemoryBarrier barrier[FR_WIRE_SLOTS_MAX];
    for (uint32_t i = 0; i < ring->shape.ring_len; i++)
        barrier[i] = (VkImageMemoryBarrier){
            .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
            .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
            .newLayout = VK_IMAGE_LAYOUT_GENERAL,
            .srcQueueFamilyIndex = ring->device->family,
            .dstQueueFamilyIndex = ring->plan.outside,
            .image = ring->slot[i].image.image,
            .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
        };
    ring->device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                                        VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL,
                                        ring->shape.ring_len, barrier);
}

/* The images get the layout that they have between uses, and go to whoever takes them first. */
static fr_status hand_over(struct fr_vk_ring *ring, VkResult *result)
{
    struct fr_vk_device *device = ring->device;
    const struct fr_vk_once once = {record_handover, ring};
    VkCommandPool pool;
    fr_vk_device_lock(device);
    *result = fr_vk_submit_once(device, &once, &pool, &ring->done);
    fr_vk_device_unlock(device);
    const fr_status status = *result == VK_SUCCESS ? fr_vk_device_wait(device, ring->done, FR_VK_GPU_WAIT_NS)
                                                   : fr_vk_device_status(device, *result);
    if (status == FR_TIMEOUT) {
        fr_vk_device_give_up(device);
        return FR_ERR_DEVICE_LOST;
    }
    device->vk.DestroyCommandPool(device->device, pool, NULL);
    return status;
}

static fr_status make_images(struct fr_vk_ring *ring, const char **fault)
{
    const uint32_t largest = ring->device->limits.maxImageDimension2D;
    if (ring->shape.width > largest || ring->shape.height > largest) {
        *fault = "its images are not so large";
        return FR_ERR_UNSUPPORTED;
    }
    VkResult result = make_slots(ring);
    if (result == VK_ERROR_INVALID_EXTERNAL_HANDLE) {
        *fault = "their memory is a file that cannot be sealed: the source could shrink it";
        return FR_ERR_UNSUPPORTED;
    }
    if (result == VK_SUCCESS && ring->plan.sync_kind == FR_WIRE_SYNC_FENCE)
        result = fr_vk_timeline_export(ring->device, &ring->ready, &ring->ready_fd);
    if (result == VK_SUCCESS && ring->plan.sync_kind == FR_WIRE_SYNC_FENCE)
        result = fr_vk_timeline_export(ring->device, &ring->retire, &ring->retire_fd);
    const fr_status status =
        result == VK_SUCCESS ? hand_over(ring, &result) : fr_vk_device_status(ring->device, result);
    if (result != VK_SUCCESS)
        *fault = fr_vk_result_name(result);
    return status;
}

fr_status fr_vk_ring_create(struct fr_vk_ring **out, struct fr_vk_device *device, struct fr_os os,
                            const struct fr_ring_request *request, const struct fr_vk_plan *plan,
                            const char **fault)
{
    *out = NULL;
    *fault = "";
    struct fr_vk_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->device = fr_vk_device_ref(device);
    ring->os = os;
    ring->shape = request->shape;
    ring->plan = *plan;
    ring->memory.handle = FR_HANDLE_NONE;
    ring->ready_fd = ring->retire_fd = -1;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        ring->slot[i].fd = -1;
    const fr_status status = plan->kind == FR_SLOTS_MEMORY ? fr_vk_ring_memory_create(ring, request, fault)
                                                           : make_images(ring, fault);
    if (status != FR_OK) {
        fr_vk_ring_destroy(ring, NULL);
        return status;
    }
    *out = ring;
    return FR_OK;
}

static void destroy_semaphore(const struct fr_vk_device *device, VkSemaphore semaphore)
{
    if (semaphore)
        device->vk.DestroySemaphore(device->device, semaphore, NULL);
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* What the GPU still reads may not go. */
static bool settle(struct fr_vk_ring *ring, const fr_log *log)
{
    fr_status status = fr_vk_device_wait(ring->device, ring->done, FR_VK_GPU_WAIT_NS);
    /* A batch's semaphores are signalled in no order. */
    if (status == FR_OK && ring->retired &&
        fr_vk_wait_for(ring->device, ring->retire, ring->retired, FR_VK_GPU_WAIT_NS, log) == FR_CLAIM_BUSY)
        status = FR_TIMEOUT;
    if (status != FR_TIMEOUT)
        return true;
    fr_vk_device_give_up(ring->device);
    fr_log_write(log, FR_LOG_WARNING, "the GPU does not end its work on a ring; its memory stays in use");
    return false;
}

void fr_vk_ring_destroy(struct fr_vk_ring *ring, const fr_log *log)
{
    if (!ring || !settle(ring, log))
        return;
    struct fr_vk_device *device = ring->device;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        struct fr_vk_slot *slot = &ring->slot[i];
        if (slot->view)
            device->vk.DestroyImageView(device->device, slot->view, NULL);
        fr_vk_image_destroy(device, &slot->image);
        destroy_semaphore(device, slot->arrived);
        destroy_semaphore(device, slot->left);
        close_fd(slot->fd);
    }
    fr_vk_ring_memory_destroy(ring);
    destroy_semaphore(device, ring->ready);
    destroy_semaphore(device, ring->retire);
    close_fd(ring->ready_fd);
    close_fd(ring->retire_fd);
    fr_vk_device_unref(device);
    free(ring);
}

static fr_handle handle_of(int fd)
{
    return fd >= 0 ? (fr_handle)fd : FR_HANDLE_NONE;
}

void fr_vk_ring_describe(const struct fr_vk_ring *ring, struct fr_delivery *out)
{
    out->slots_kind = ring->plan.kind;
    out->sync_kind = ring->plan.sync_kind;
    if (ring->plan.kind == FR_SLOTS_MEMORY) {
        fr_vk_ring_memory_describe(ring, out);
        return;
    }
    out->gpu = ring->device->gpu;
    out->image = ring->layout;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        out->texture[i] = handle_of(ring->slot[i].fd);
    out->ready_fence = handle_of(ring->ready_fd);
    out->retire_fence = handle_of(ring->retire_fd);
}

/* The peer may signal our semaphore: to signal it below what it has reached would not be allowed. */
static enum fr_claim check_retire(struct fr_vk_ring *ring, const fr_log *log)
{
    uint64_t reached;
    struct fr_vk_device *device = ring->device;
    const VkResult result = device->vk.GetSemaphoreCounterValue(device->device, ring->retire, &reached);
    if (result != VK_SUCCESS)
        return fr_vk_claim_failed(device, result, "a look at the semaphore", log);
    if (reached <= ring->retired)
        return FR_CLAIM_ACQUIRED;
    fr_log_write(log, FR_LOG_WARNING,
                 "the source signalled what is the host's to signal; the ring cannot be "
                 "trusted any more");
    return FR_CLAIM_ABANDONED;
}

/* The source may have attached what never ends: nothing but this wait, which has a bound, depends on it. */
static enum fr_claim claim_file(struct fr_vk_ring *ring, struct fr_vk_slot *slot, uint64_t timeout_ns,
                                const fr_log *log)
{
    struct fr_vk_device *device = ring->device;
    const uint64_t start = fr_vk_now_ns(), patience_ns = fr_vk_device_patience(device, timeout_ns);
    /* A source that did not wait for us: the last wait for the semaphore is still to come. */
    const fr_status status = fr_vk_device_wait(device, slot->done, timeout_ns);
    if (status == FR_TIMEOUT)
        return FR_CLAIM_BUSY;
    if (status != FR_OK)
        return fr_vk_claim_failed(device, VK_ERROR_DEVICE_LOST, "the wait for an earlier conversion", log);
    const uint64_t spent = fr_vk_now_ns() - start;
    int sync_file;
    const enum fr_claim claim = fr_sync_file_wait(
        slot->fd, FR_SYNC_READ, spent < patience_ns ? patience_ns - spent : 0, &sync_file, log);
    if (claim != FR_CLAIM_ACQUIRED)
        return claim;
    const VkResult result = fr_vk_semaphore_put(device, slot->arrived, sync_file);
    if (result == VK_SUCCESS)
        return FR_CLAIM_ACQUIRED;
    close_fd(sync_file);
    return fr_vk_claim_failed(device, result, "the import of a fence", log);
}

static enum fr_claim claim_pixels(struct fr_vk_ring *ring, struct fr_ring_host *words, fr_token token,
                                  uint64_t timeout_ns, const fr_log *log)
{
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FILE)
        return claim_file(ring, &ring->slot[token.slot], timeout_ns, log);
    if (ring->plan.sync_kind != FR_WIRE_SYNC_FENCE)
        return FR_CLAIM_ACQUIRED;
    struct fr_vk_slot *slot = &ring->slot[token.slot];
    slot->ready_value = fr_ring_host_ready_value(words, token);
    const enum fr_claim claim = fr_vk_wait_for(ring->device, ring->ready, slot->ready_value, timeout_ns, log);
    return claim == FR_CLAIM_ACQUIRED ? check_retire(ring, log) : claim;
}

enum fr_claim fr_vk_ring_claim(struct fr_vk_ring *ring, struct fr_ring_host *words, fr_token token,
                               uint64_t timeout_ns, const fr_log *log)
{
    if (fr_vk_device_is_lost(ring->device)) {
        fr_vk_device_log_loss(ring->device, log);
        return FR_CLAIM_FATAL;
    }
    if (!fr_ring_host_claim(words, token))
        return FR_CLAIM_BUSY;
    const enum fr_claim claim = claim_pixels(ring, words, token, timeout_ns, log);
    if (claim == FR_CLAIM_BUSY)
        fr_ring_host_unclaim(words, token);
    return claim;
}

enum fr_claim fr_vk_ring_release(struct fr_vk_ring *ring, struct fr_ring_host *words, fr_token token,
                                 const fr_log *log)
{
    struct fr_vk_slot *slot = &ring->slot[token.slot];
    struct fr_vk_device *device = ring->device;
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FENCE) {
        fr_ring_host_retire_value(words, token, slot->retire_value);
    } else if (ring->broken) {
        return FR_CLAIM_ABANDONED;
    } else if (slot->done && !slot->attached) {
        const fr_status status = fr_vk_device_wait(device, slot->done, FR_VK_GPU_WAIT_NS);
        /* A GPU that takes longer is as good as gone. */
        if (status == FR_TIMEOUT)
            fr_vk_device_give_up(device);
        else if (status != FR_OK && status != FR_ERR_DEVICE_LOST)
            return FR_CLAIM_ABANDONED;
    }
    /* A slot that could not be released stays ours: nobody may write where the GPU may still read. */
    if (fr_vk_device_is_lost(device)) {
        fr_vk_device_log_loss(device, log);
        return FR_CLAIM_FATAL;
    }
    fr_ring_host_release(words, token);
    return FR_CLAIM_ACQUIRED;
}

fr_status fr_vk_ring_input(struct fr_vk_ring *ring, uint32_t index, struct fr_vk_input *out)
{
    const struct fr_vk_slot *slot = &ring->slot[index];
    *out = (struct fr_vk_input){.image = VK_NULL_HANDLE};
    if (fr_vk_device_is_lost(ring->device))
        return FR_ERR_DEVICE_LOST;
    if (ring->plan.kind == FR_SLOTS_MEMORY)
        return fr_vk_ring_memory_input(ring, index, out);
    out->image = slot->image.image;
    out->outside = ring->plan.outside;
    out->view = slot->view;
    out->serial = slot->serial;
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FENCE) {
        out->ready = ring->ready;
        out->ready_value = slot->ready_value;
        out->retire = ring->retire;
        out->retire_value = ring->retired + 1;
    }
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FILE) {
        out->ready = slot->arrived;
        out->retire = slot->left;
    }
    return FR_OK;
}

/* Else the end of the conversion is waited for before the slot is given back. */
static void attach(struct fr_vk_ring *ring, struct fr_vk_slot *slot, const fr_log *log)
{
    int sync_file;
    const VkResult result = fr_vk_semaphore_take(ring->device, slot->left, &sync_file);
    ring->broken = result != VK_SUCCESS;
    if (ring->broken)
        (void)fr_vk_claim_failed(ring->device, result, "the export of a fence", log);
    slot->attached =
        !ring->broken && (sync_file < 0 || !fr_sync_file_attach(slot->fd, FR_SYNC_READ, sync_file));
    close_fd(sync_file);
}

void fr_vk_ring_converted(struct fr_vk_ring *ring, uint32_t index, uint64_t done, const fr_log *log)
{
    struct fr_vk_slot *slot = &ring->slot[index];
    ring->done = done;
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FENCE)
        slot->retire_value = ++ring->retired;
    if (ring->plan.kind == FR_SLOTS_MEMORY && !ring->plan.import)
        ring->uploaded[ring->next_upload] = done;
    else
        slot->done = done;
    if (ring->plan.sync_kind == FR_WIRE_SYNC_FILE)
        attach(ring, slot, log);
}
