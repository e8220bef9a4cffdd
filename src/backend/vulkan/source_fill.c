/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/source.h"

#include "backend/vulkan/format.h"

#include "common/log.h"

#include <string.h>

static const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};

static void image_barrier(const struct fr_vk_device *device, VkCommandBuffer commands,
                          VkPipelineStageFlags before, VkPipelineStageFlags after,
                          const VkImageMemoryBarrier *barrier)
{
    device->vk.CmdPipelineBarrier(commands, before, after, 0, 0, NULL, 0, NULL, 1, barrier);
}

/* What it held is of no interest: then nobody has to give it. */
void fr_vk_slot_acquire(const struct fr_vk_source_ring *ring, VkCommandBuffer commands, uint32_t index)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = ring->slot[index].image.image,
        .subresourceRange = whole,
    };
    image_barrier(ring->source->device, commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                  VK_PIPELINE_STAGE_TRANSFER_BIT, &barrier);
}

void fr_vk_slot_release(const struct fr_vk_source_ring *ring, VkCommandBuffer commands, uint32_t index)
{
    const struct fr_vk_device *device = ring->source->device;
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = device->family,
        .dstQueueFamilyIndex = ring->outside,
        .image = ring->slot[index].image.image,
        .subresourceRange = whole,
    };
    image_barrier(device, commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                  &barrier);
}

VkResult fr_vk_slot_submit(struct fr_vk_source_ring *ring, uint32_t index, struct fr_vk_command *command,
                           const fr_vulkan_image *image, VkPipelineStageFlags stage)
{
    struct fr_vk_source_slot *slot = &ring->slot[index];
    const bool fence = ring->sync_kind == FR_WIRE_SYNC_FENCE;
    const struct fr_vk_submission submission = {
        .wait = image ? image->wait : NULL,
        .num_wait = image ? image->num_wait : 0,
        .wait_stage = stage,
        .signal = image ? (VkSemaphore)(uintptr_t)image->signal : VK_NULL_HANDLE,
        .shared = fence ? ring->ready : slot->filled,
        .shared_value = slot->ready_value,
    };
    const VkResult result = fr_vk_command_submit(&ring->source->commands, command, &submission);
    if (result != VK_SUCCESS)
        return result;
    slot->signalled = true;
    if (fence)
        ring->submitted = slot->ready_value;
    slot->pending = fence ? NULL : command;
    return VK_SUCCESS;
}

/* How a program's image is read. */
struct reading {
    VkImageLayout layout;
    VkPipelineStageFlags stage;
    VkAccessFlags access;
};

static struct reading by_transfer(const fr_vulkan_image *image)
{
    const bool general = image->layout == VK_IMAGE_LAYOUT_GENERAL;
    return (struct reading){general ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                            VK_PIPELINE_STAGE_TRANSFER_BIT, VK_ACCESS_TRANSFER_READ_BIT};
}

static struct reading by_shader(const fr_vulkan_image *image)
{
    const bool general = image->layout == VK_IMAGE_LAYOUT_GENERAL;
    return (struct reading){general ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                            VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_ACCESS_SHADER_READ_BIT};
}

/* The program's work of before is done and seen; `after` true: its work to come waits for the reading. */
static void turn(const struct fr_vk_device *device, VkCommandBuffer commands, const fr_vulkan_image *image,
                 struct reading reading, bool after)
{
    const VkImageLayout ours = reading.layout, theirs = (VkImageLayout)image->layout;
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = after ? 0 : VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = after ? VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT : reading.access,
        .oldLayout = after ? ours : theirs,
        .newLayout = after ? theirs : ours,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = (VkImage)(uintptr_t)image->image,
        .subresourceRange = whole,
    };
    const VkPipelineStageFlags all = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    image_barrier(device, commands, after ? reading.stage : all, after ? all : reading.stage, &barrier);
}

static VkResult record_transfer(struct fr_vk_source_ring *ring, uint32_t index, const fr_vulkan_image *image,
                                struct fr_vk_command *command)
{
    const struct fr_vk_device *device = ring->source->device;
    const VkImage to = ring->slot[index].image.image;
    const struct reading reading = by_transfer(image);
    const VkImageCopy region = {
        .srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .extent = {ring->width, ring->height, 1},
    };
    turn(device, command->buffer, image, reading, false);
    fr_vk_slot_acquire(ring, command->buffer, index);
    device->vk.CmdCopyImage(command->buffer, (VkImage)(uintptr_t)image->image, reading.layout, to,
                            VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    fr_vk_slot_release(ring, command->buffer, index);
    turn(device, command->buffer, image, reading, true);
    command->stage = reading.stage;
    return VK_SUCCESS;
}

/* From nobody, whatever it held; and to whoever takes it. */
static void slot_for_shader(const struct fr_vk_source_ring *ring, VkCommandBuffer commands, VkImage image,
                            bool after)
{
    const struct fr_vk_device *device = ring->source->device;
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = after ? VK_ACCESS_SHADER_WRITE_BIT : 0,
        .dstAccessMask = after ? 0 : VK_ACCESS_SHADER_WRITE_BIT,
        .oldLayout = after ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = after ? device->family : VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = after ? ring->outside : VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = whole,
    };
    const VkPipelineStageFlags compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    image_barrier(device, commands, compute,
                  after ? (VkPipelineStageFlags)VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT : compute, &barrier);
}

static VkResult record_shader(struct fr_vk_source_ring *ring, uint32_t index, const fr_vulkan_image *image,
                              struct fr_vk_command *command)
{
    struct fr_vk_source *source = ring->source;
    struct fr_vk_source_slot *slot = &ring->slot[index];
    const struct reading reading = by_shader(image);
    const uint32_t number = (uint32_t)(command - source->commands.command);
    turn(source->device, command->buffer, image, reading, false);
    slot_for_shader(ring, command->buffer, slot->image.image, false);
    const VkResult result = fr_vk_copier_record(&source->copier, source->device, number, command->buffer,
                                                image, reading.layout, slot->storage);
    if (result != VK_SUCCESS)
        return result;
    slot_for_shader(ring, command->buffer, slot->image.image, true);
    turn(source->device, command->buffer, image, reading, true);
    command->stage = reading.stage;
    return VK_SUCCESS;
}

/* Where both ways are as fast, the plain one; sRGB images would be read as what they mean. */
static bool shader_copies(struct fr_vk_source_ring *ring, uint32_t index, const fr_vulkan_image *image)
{
    struct fr_vk_source *source = ring->source;
    struct fr_vk_device *device = source->device;
    struct fr_vk_source_slot *slot = &ring->slot[index];
    const VkQueueFlags both = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    const VkFormat format = fr_vk_format(ring->format);
    if (!image->sampled || image->format != (uint32_t)format || !device->writes_any_format ||
        (device->queue_flags & both) != both || !(ring->usage & VK_IMAGE_USAGE_STORAGE_BIT) ||
        !fr_vk_copier_need(&source->copier, device))
        return false;
    return slot->storage || fr_vk_view_create(device, slot->image.image, format, VK_IMAGE_USAGE_STORAGE_BIT,
                                              &slot->storage) == VK_SUCCESS;
}

static VkResult fill_slot(struct fr_vk_source_ring *ring, uint32_t index, const fr_vulkan_image *image)
{
    const struct fr_vk_task task = {image->number, ring->slot[index].serial, image->layout};
    struct fr_vk_command *command;
    bool again;
    VkResult result = fr_vk_command_begin_task(&ring->source->commands, &task, &command, &again);
    if (result == VK_SUCCESS && !again)
        result = shader_copies(ring, index, image) ? record_shader(ring, index, image, command)
                                                   : record_transfer(ring, index, image, command);
    return result == VK_SUCCESS ? fr_vk_slot_submit(ring, index, command, image, command->stage) : result;
}

static VkResult need_staging(struct fr_vk_source *source, VkDeviceSize bytes)
{
    if (source->staging.bytes >= bytes)
        return VK_SUCCESS;
    if (!fr_vk_commands_settle(&source->commands))
        return VK_NOT_READY;
    fr_vk_buffer_destroy(source->device, &source->staging);
    return fr_vk_buffer_create(source->device, bytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                               VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                               VK_MEMORY_PROPERTY_HOST_CACHED_BIT, &source->staging);
}

/* Done when it returns. */
static VkResult read_back(struct fr_vk_source *source, const fr_vulkan_image *image, VkBuffer buffer,
                          VkDeviceSize offset, uint32_t row_pixels)
{
    const struct fr_vk_device *device = source->device;
    struct fr_vk_command *command;
    VkResult result = fr_vk_command_begin(&source->commands, &command);
    if (result != VK_SUCCESS)
        return result;
    const VkBufferImageCopy region = {
        .bufferOffset = offset,
        .bufferRowLength = row_pixels,
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {image->width, image->height, 1},
    };
    const VkBufferMemoryBarrier to_host = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .buffer = buffer,
        .size = VK_WHOLE_SIZE,
    };
    const struct reading reading = by_transfer(image);
    turn(device, command->buffer, image, reading, false);
    device->vk.CmdCopyImageToBuffer(command->buffer, (VkImage)(uintptr_t)image->image, reading.layout, buffer,
                                    1, &region);
    device->vk.CmdPipelineBarrier(command->buffer, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                                  0, 0, NULL, 1, &to_host, 0, NULL);
    turn(device, command->buffer, image, reading, true);
    const struct fr_vk_submission submission = {
        .wait = image->wait,
        .num_wait = image->num_wait,
        .signal = (VkSemaphore)(uintptr_t)image->signal,
    };
    result = fr_vk_command_submit(&source->commands, command, &submission);
    if (result != VK_SUCCESS)
        return result;
    /* A wait that cannot be had is one that took too long: the program's semaphores are in use. */
    result = fr_vk_command_wait(&source->commands, command, FR_VK_GPU_WAIT_NS);
    return result == VK_SUCCESS || result == VK_ERROR_DEVICE_LOST ? result : VK_TIMEOUT;
}

static VkResult fill_memory(struct fr_vk_source *source, const fr_vulkan_image *image, const fr_slot *out)
{
    const uint32_t pixel_bytes = fr_format_pixel_bytes(out->format);
    const struct fr_vk_window *window = fr_vk_shore_window(source, out);
    if (window && window->inset % pixel_bytes == 0)
        return read_back(source, image, window->buffer.buffer, window->inset,
                         (uint32_t)(out->pitch_bytes / pixel_bytes));
    const size_t row_bytes = (size_t)out->width * pixel_bytes;
    VkResult result = need_staging(source, (VkDeviceSize)row_bytes * out->height);
    if (result == VK_SUCCESS)
        result = read_back(source, image, source->staging.buffer, 0, 0);
    for (uint32_t y = 0; y < out->height && result == VK_SUCCESS; y++)
        memcpy((uint8_t *)out->pixels + y * out->pitch_bytes,
               (const uint8_t *)source->staging.mapped + y * row_bytes, row_bytes);
    return result;
}

fr_status fr_vk_source_fill(const struct fr_backend_source *backend, void *ring, uint32_t index,
                            const fr_vulkan_image *image, const fr_slot *out)
{
    struct fr_vk_source *source = backend->self;
    if (fr_vk_device_is_lost(source->device))
        return FR_ERR_DEVICE_LOST;
    if (image->num_wait > FR_VK_WAITS_MAX)
        return FR_ERR_SYSTEM;
    const VkResult result = ring ? fill_slot(ring, index, image) : fill_memory(source, image, out);
    if (result == VK_SUCCESS)
        return FR_OK;
    if (result == VK_TIMEOUT)
        return FR_TIMEOUT;
    const fr_status status = fr_vk_device_status(source->device, result);
    fr_vk_device_log_loss(source->device, &source->log);
    return status;
}

void fr_vk_source_slot(const struct fr_backend_source *source, void *ring_, uint32_t index,
                       fr_vulkan_slot *out)
{
    (void)source;
    struct fr_vk_source_ring *ring = ring_;
    struct fr_vk_source_slot *slot = &ring->slot[index];
    const bool fence = ring->sync_kind == FR_WIRE_SYNC_FENCE;
    slot->handed_out = true;
    *out = (fr_vulkan_slot){
        .image = (uint64_t)(uintptr_t)slot->image.image,
        .format = (uint32_t)fr_vk_format(ring->format),
        .storage = ring->usage & VK_IMAGE_USAGE_STORAGE_BIT,
        .width = ring->width,
        .height = ring->height,
        .queue_family = ring->outside,
        .ready = fence ? (uint64_t)(uintptr_t)ring->ready : 0,
        .ready_value = slot->ready_value,
    };
}
