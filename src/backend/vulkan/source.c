/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/source.h"

#include "backend/vulkan/format.h"

#include "common/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What no ring's semaphore reaches in its life, and from which a new one could not go on. */
#define VALUES_MAX (UINT64_MAX / 2)

static void close_ring(struct fr_vk_source_ring *ring)
{
    struct fr_vk_device *device = ring->source->device;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        if (ring->slot[i].storage)
            device->vk.DestroyImageView(device->device, ring->slot[i].storage, NULL);
        if (ring->slot[i].filled)
            device->vk.DestroySemaphore(device->device, ring->slot[i].filled, NULL);
        fr_vk_image_destroy(device, &ring->slot[i].image);
        if (ring->slot[i].fd >= 0)
            close(ring->slot[i].fd);
    }
    if (ring->ready)
        device->vk.DestroySemaphore(device->device, ring->ready, NULL);
    if (ring->retire)
        device->vk.DestroySemaphore(device->device, ring->retire, NULL);
    free(ring);
}

static VkResult open_timelines(struct fr_vk_source_ring *ring, const struct fr_delivery *delivery)
{
    const struct fr_vk_device *device = ring->source->device;
    VkResult result = fr_vk_timeline_import(device, (int)delivery->ready_fence, &ring->ready);
    if (result == VK_SUCCESS)
        result = fr_vk_timeline_import(device, (int)delivery->retire_fence, &ring->retire);
    /* A source before this one may have used it. */
    if (result == VK_SUCCESS)
        result = device->vk.GetSemaphoreCounterValue(device->device, ring->ready, &ring->written);
    return result == VK_SUCCESS && ring->written > VALUES_MAX ? VK_ERROR_INVALID_EXTERNAL_HANDLE : result;
}

static VkResult open_file(const struct fr_vk_device *device, int dma_buf, struct fr_vk_source_slot *slot)
{
    const VkResult result = fr_vk_semaphore_create(device, true, &slot->filled);
    if (result != VK_SUCCESS)
        return result;
    slot->fd = fcntl(dma_buf, F_DUPFD_CLOEXEC, 0);
    return slot->fd >= 0 ? VK_SUCCESS : VK_ERROR_TOO_MANY_OBJECTS;
}

static VkResult open_all(struct fr_vk_source_ring *ring, const struct fr_delivery *delivery)
{
    const struct fr_vk_sharing sharing = {
        .kind = delivery->slots_kind,
        .width = delivery->width,
        .height = delivery->height,
        .format = delivery->format,
    };
    VkResult result = VK_SUCCESS;
    for (uint32_t i = 0; i < ring->ring_len && result == VK_SUCCESS; i++)
        result = fr_vk_image_import(ring->source->device, &sharing, &delivery->image,
                                    (int)delivery->texture[i], &ring->slot[i].image);
    for (uint32_t i = 0; i < ring->ring_len && result == VK_SUCCESS; i++)
        if (delivery->sync_kind == FR_WIRE_SYNC_FILE)
            result = open_file(ring->source->device, (int)delivery->texture[i], &ring->slot[i]);
    if (result == VK_SUCCESS && delivery->sync_kind == FR_WIRE_SYNC_FENCE)
        result = open_timelines(ring, delivery);
    return result;
}

static void close_handle(fr_handle handle)
{
    if (handle != FR_HANDLE_NONE)
        close((int)handle);
}

/* What was opened refers to duplicates. */
static void close_handles(const struct fr_delivery *delivery)
{
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        close_handle(delivery->texture[i]);
    close_handle(delivery->ready_fence);
    close_handle(delivery->retire_fence);
    close_handle(delivery->slots);
}

static uint32_t outside_of(const struct fr_vk_source *source, const struct fr_delivery *delivery)
{
    return fr_vk_outside_family(delivery->slots_kind, &delivery->gpu, &source->device->gpu);
}

/* FR_OK, or why this ring is not for this device. */
static fr_status check(const struct fr_vk_source *source, const struct fr_delivery *delivery)
{
    const struct fr_vk_device *device = source->device;
    const bool opaque = delivery->slots_kind == FR_SLOTS_OPAQUE_FD;
    const bool dma_buf = delivery->slots_kind == FR_SLOTS_DMA_BUF;
    const bool fence = delivery->sync_kind == FR_WIRE_SYNC_FENCE;
    if (!(opaque && device->opaque_fd) && !(dma_buf && device->dma_buf))
        return FR_ERR_UNSUPPORTED;
    if (delivery->sync_kind != FR_WIRE_SYNC_STATES && !(fence && device->shared_timeline) &&
        !(delivery->sync_kind == FR_WIRE_SYNC_FILE && dma_buf && device->sync_file))
        return FR_ERR_UNSUPPORTED;
    if ((opaque || fence) && !fr_vk_gpu_equal(&delivery->gpu, &device->gpu))
        return FR_ERR_ADAPTER_MISMATCH;
    /* A host that does not ask whether we have it would send this. */
    if (outside_of(source, delivery) == VK_QUEUE_FAMILY_FOREIGN_EXT && !device->foreign)
        return FR_ERR_UNSUPPORTED;
    const uint32_t largest = device->limits.maxImageDimension2D;
    return delivery->width <= largest && delivery->height <= largest ? FR_OK : FR_ERR_UNSUPPORTED;
}

static fr_status blame(const struct fr_vk_source *source, VkResult result)
{
    const fr_status status = fr_vk_device_status(source->device, result);
    fr_vk_device_log_loss(source->device, &source->log);
    if (status != FR_ERR_DEVICE_LOST)
        fr_log_write(&source->log, FR_LOG_WARNING, "the host's images cannot be opened on \"%s\": %s",
                     source->device->name, fr_vk_result_name(result));
    return result == VK_ERROR_INVALID_EXTERNAL_HANDLE && status == FR_ERR_SYSTEM ? FR_ERR_PROTOCOL : status;
}

static fr_status attach(void *self, const struct fr_delivery *delivery, void **out,
                        struct fr_attach_fault *fault)
{
    struct fr_vk_source *source = self;
    const fr_status fit = check(source, delivery);
    *fault = (struct fr_attach_fault){.status = FR_WIRE_STATUS_TEXTURE_FAILED};
    if (fit != FR_OK) {
        fault->status = FR_WIRE_STATUS_NO_DEVICE;
        return fit;
    }
    struct fr_vk_source_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->source = source;
    ring->ring_len = delivery->ring_len;
    ring->width = delivery->width;
    ring->height = delivery->height;
    ring->format = delivery->format;
    ring->sync_kind = delivery->sync_kind;
    ring->outside = outside_of(source, delivery);
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        ring->slot[i].fd = -1;
        ring->slot[i].serial = fr_vk_device_serial(source->device);
    }
    ring->usage = fr_vk_slot_usage(source->device, delivery->slots_kind, delivery->format);
    const VkResult result = open_all(ring, delivery);
    if (result != VK_SUCCESS) {
        fault->detail = (uint32_t)result;
        close_ring(ring);
        return blame(source, result);
    }
    close_handles(delivery);
    *out = ring;
    return FR_OK;
}

/* All that the queue was given so far is over. */
static bool queue_drained(struct fr_vk_source *source)
{
    const struct fr_vk_submission nothing = {0};
    struct fr_vk_command *command;
    VkResult result = fr_vk_command_begin(&source->commands, &command);
    if (result == VK_SUCCESS)
        result = fr_vk_command_submit(&source->commands, command, &nothing);
    if (result == VK_SUCCESS)
        result = fr_vk_command_wait(&source->commands, command, FR_VK_GPU_WAIT_NS);
    return result == VK_SUCCESS || fr_vk_device_status(source->device, result) == FR_ERR_DEVICE_LOST;
}

/* What the program submitted by itself is known by its values alone. A peer can spoil the semaphore: then its
 * queue has to do. */
static bool program_done(const struct fr_vk_source_ring *ring)
{
    struct fr_vk_source *source = ring->source;
    if (!ring->drawn || fr_vk_device_is_lost(source->device))
        return true;
    switch (fr_vk_wait_for(source->device, ring->ready, ring->drawn, FR_VK_GPU_WAIT_NS, NULL)) {
    case FR_CLAIM_BUSY: return false;
    case FR_CLAIM_ABANDONED: return queue_drained(source);
    default: return true;
    }
}

/* What the GPU still writes may not go: then it is left as it is. */
static void detach(void *self, void *ring_)
{
    struct fr_vk_source *source = self;
    struct fr_vk_source_ring *ring = ring_;
    bool done = fr_vk_commands_settle(&source->commands) && program_done(ring);
    /* A fence may be signalled before the semaphores of its batch are. */
    if (done && ring->submitted && !fr_vk_device_is_lost(source->device))
        done = fr_vk_wait_for(source->device, ring->ready, ring->submitted, FR_VK_GPU_WAIT_NS, NULL) !=
               FR_CLAIM_BUSY;
    if (done)
        close_ring(ring);
}

/* It has no LUID here. */
static void adapter(void *self, uint32_t *luid_low, int32_t *luid_high)
{
    (void)self;
    *luid_low = 0;
    *luid_high = 0;
}

static void gpu(void *self, struct fr_gpu *out)
{
    const struct fr_vk_source *source = self;
    *out = source->device->gpu;
}

static enum fr_claim note(struct fr_vk_source_ring *ring, enum fr_claim claim)
{
    if (claim == FR_CLAIM_ABANDONED || claim == FR_CLAIM_FATAL)
        ring->failed = true;
    return claim;
}

static const fr_log *log_of(const struct fr_vk_source_ring *ring)
{
    return ring->failed ? NULL : &ring->source->log;
}

static enum fr_claim failed(struct fr_vk_source_ring *ring, VkResult result, const char *call)
{
    return note(ring, fr_vk_claim_failed(ring->source->device, result, call, log_of(ring)));
}

static enum fr_claim begin(void *self, void *ring_, uint32_t index, uint64_t retire_value,
                           uint64_t timeout_ns)
{
    struct fr_vk_source *source = self;
    struct fr_vk_source_ring *ring = ring_;
    struct fr_vk_source_slot *slot = &ring->slot[index];
    if (fr_vk_device_is_lost(source->device))
        return FR_CLAIM_FATAL;
    if (slot->broken)
        return FR_CLAIM_BUSY;
    if (slot->pending) {
        const VkResult result = fr_vk_command_wait(&source->commands, slot->pending, timeout_ns);
        if (result == VK_TIMEOUT)
            return FR_CLAIM_BUSY;
        if (result != VK_SUCCESS)
            return failed(ring, result, "the wait for an earlier copy");
        slot->pending = NULL;
    }
    slot->signalled = slot->handed_out = false;
    slot->ready_value = 0;
    /* The host's reading, and our own writing of before. */
    if (ring->sync_kind == FR_WIRE_SYNC_FILE)
        return note(ring,
                    fr_sync_file_wait(slot->fd, FR_SYNC_WRITE,
                                      fr_vk_device_patience(source->device, timeout_ns), NULL, log_of(ring)));
    if (ring->sync_kind != FR_WIRE_SYNC_FENCE)
        return FR_CLAIM_ACQUIRED;
    /* A timeline does not go back: what it was seen to have reached needs no look. */
    uint64_t seen;
    if (retire_value > ring->retired &&
        source->device->vk.GetSemaphoreCounterValue(source->device->device, ring->retire, &seen) ==
            VK_SUCCESS &&
        seen < VALUES_MAX)
        ring->retired = seen;
    const enum fr_claim claim = retire_value <= ring->retired
                                    ? FR_CLAIM_ACQUIRED
                                    : note(ring, fr_vk_wait_for(source->device, ring->retire, retire_value,
                                                                timeout_ns, log_of(ring)));
    if (claim == FR_CLAIM_ACQUIRED)
        slot->ready_value = ++ring->written;
    return claim;
}

/* Nothing was drawn by us: the value comes after all that the queue was given so far. */
static VkResult signal_only(struct fr_vk_source_ring *ring, uint32_t index)
{
    struct fr_vk_command *command;
    const VkResult result = fr_vk_command_begin(&ring->source->commands, &command);
    return result == VK_SUCCESS ? fr_vk_slot_submit(ring, index, command, NULL, 0) : result;
}

/* What cannot be attached is waited for. */
static enum fr_claim hand_on(struct fr_vk_source_ring *ring, struct fr_vk_source_slot *slot)
{
    int sync_file;
    const VkResult result = fr_vk_semaphore_take(ring->source->device, slot->filled, &sync_file);
    slot->broken = result != VK_SUCCESS;
    if (slot->broken)
        return failed(ring, result, "the export of a fence");
    if (sync_file < 0 || !fr_sync_file_attach(slot->fd, FR_SYNC_WRITE, sync_file))
        slot->pending = NULL;
    if (sync_file >= 0)
        close(sync_file);
    return FR_CLAIM_ACQUIRED;
}

static enum fr_claim end(void *self, void *ring_, uint32_t index, uint64_t *ready_value)
{
    struct fr_vk_source *source = self;
    struct fr_vk_source_ring *ring = ring_;
    struct fr_vk_source_slot *slot = &ring->slot[index];
    VkResult result = VK_SUCCESS;
    if (ready_value)
        *ready_value = 0;
    if (fr_vk_device_is_lost(source->device))
        return FR_CLAIM_FATAL;
    if (ring->sync_kind == FR_WIRE_SYNC_FENCE) {
        if (slot->handed_out && ready_value)
            ring->drawn = slot->ready_value;
        if (!slot->signalled && !slot->handed_out)
            result = signal_only(ring, index);
        if (result != VK_SUCCESS)
            return failed(ring, result, "the signal after the use");
        if (ready_value)
            *ready_value = slot->ready_value;
        return FR_CLAIM_ACQUIRED;
    }
    if (ring->sync_kind == FR_WIRE_SYNC_FILE && slot->signalled) {
        const enum fr_claim claim = hand_on(ring, slot);
        if (claim != FR_CLAIM_ACQUIRED)
            return claim;
    }
    if (slot->pending)
        result = fr_vk_command_wait(&source->commands, slot->pending, FR_VK_GPU_WAIT_NS);
    if (result == VK_TIMEOUT)
        return FR_CLAIM_ABANDONED;
    slot->pending = NULL;
    return result == VK_SUCCESS ? FR_CLAIM_ACQUIRED : failed(ring, result, "the wait for the copy");
}

/* Publish finds slots by fr_vk_source_slot. */
static void slot_of(void *self, void *ring, uint32_t index, fr_slot *out)
{
    (void)self, (void)ring, (void)index;
    out->memory_fd = -1;
}

static void copy_between(const struct fr_vk_source_ring *from_ring, uint32_t from,
                         const struct fr_vk_source_ring *to_ring, uint32_t to, VkCommandBuffer commands)
{
    const struct fr_vk_device *device = to_ring->source->device;
    const VkImage image = from_ring->slot[from].image.image;
    /* It keeps its layout: its host may be reading it. */
    const VkImageMemoryBarrier acquire = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = 0,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_GENERAL,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = from_ring->outside,
        .dstQueueFamilyIndex = device->family,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkImageMemoryBarrier release = acquire;
    release.srcAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
    release.dstAccessMask = 0;
    release.srcQueueFamilyIndex = device->family;
    release.dstQueueFamilyIndex = from_ring->outside;
    const VkImageCopy region = {
        .srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .extent = {to_ring->width, to_ring->height, 1},
    };
    device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                  VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &acquire);
    fr_vk_slot_acquire(to_ring, commands, to);
    device->vk.CmdCopyImage(commands, image, VK_IMAGE_LAYOUT_GENERAL, to_ring->slot[to].image.image,
                            VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    fr_vk_slot_release(to_ring, commands, to);
    device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                  VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL, 1, &release);
}

static bool copy(void *self, void *from_, uint32_t from, void *to_, uint32_t to)
{
    struct fr_vk_source *source = self;
    struct fr_vk_source_ring *from_ring = from_, *to_ring = to_;
    struct fr_vk_command *command;
    /* The program's queue may be another one. */
    if (!program_done(from_ring))
        return false;
    VkResult result = fr_vk_command_begin(&source->commands, &command);
    if (result == VK_SUCCESS) {
        copy_between(from_ring, from, to_ring, to, command->buffer);
        result = fr_vk_slot_submit(to_ring, to, command, NULL, 0);
    }
    if (result != VK_SUCCESS)
        (void)fr_vk_device_status(source->device, result);
    return result == VK_SUCCESS;
}

static void destroy(void *self)
{
    struct fr_vk_source *source = self;
    /* A GPU that hangs keeps what it uses. */
    if (source->commands.device && !fr_vk_commands_settle(&source->commands))
        return;
    fr_vk_copier_finish(&source->copier, source->device);
    if (source->commands.device)
        fr_vk_commands_finish(&source->commands);
    fr_vk_shore_leave(source);
    fr_vk_buffer_destroy(source->device, &source->staging);
    fr_vk_device_unref(source->device);
    free(source);
}

static bool is_lost(void *self)
{
    const struct fr_vk_source *source = self;
    return fr_vk_device_is_lost(source->device);
}

static const struct fr_backend_source_ops vk_source_ops = {
    .name = "vulkan",
    .attach = attach,
    .detach = detach,
    .adapter = adapter,
    .gpu = gpu,
    .begin = begin,
    .end = end,
    .slot = slot_of,
    .copy = copy,
    .is_lost = is_lost,
    .destroy = destroy,
};

fr_status fr_vk_source_create(struct fr_backend_source *out, const fr_vulkan_source_params *params,
                              const fr_log *log)
{
    struct fr_vk_device *device;
    const fr_status status = fr_vk_device_wrap(&device, params, log);
    if (status != FR_OK)
        return status;
    struct fr_vk_source *source = calloc(1, sizeof(*source));
    if (!source) {
        fr_vk_device_unref(device);
        return FR_ERR_NO_MEMORY;
    }
    source->device = device;
    if (log)
        source->log = *log;
    const VkResult result = fr_vk_commands_init(&source->commands, device);
    if (result != VK_SUCCESS) {
        fr_log_write(log, FR_LOG_WARNING, "\"%s\" gives no command buffers: %s", device->name,
                     fr_vk_result_name(result));
        const fr_status reason = fr_vk_device_status(device, result);
        destroy(source);
        return reason == FR_ERR_NO_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_UNSUPPORTED;
    }
    *out = (struct fr_backend_source){
        .ops = &vk_source_ops,
        .self = source,
        .capabilities = (device->opaque_fd ? FR_CAP_OPAQUE_FD : 0) | (device->dma_buf ? FR_CAP_DMA_BUF : 0) |
                        (device->shared_timeline ? FR_CAP_TIMELINE : 0) |
                        (device->sync_file ? FR_CAP_SYNC_FILE : 0) | (device->foreign ? FR_CAP_FOREIGN : 0),
    };
    return FR_OK;
}

bool fr_vk_source_is(const struct fr_backend_source *source)
{
    return source->ops == &vk_source_ops;
}
