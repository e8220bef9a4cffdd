/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "backend/vulkan/format.h"
#include "backend/vulkan/memory.h"

#include <string.h>

/* An offset that a slot may lie at, and the rows of the cpu ring. */
enum { SLOT_OFFSET = 4096, ROW_ALIGN = 64 };

#define OK(call) assert_int_equal((call), VK_SUCCESS)

struct fr_vk_device *rig_device(void)
{
    const struct fr_vk_wish wish = {.any_type = true};
    struct fr_vk_device *device;
    assert_int_equal(fr_vk_device_create(&device, &wish, gpu_log()), FR_OK);
    return device;
}

void rig_wait(struct fr_vk_device *device, uint64_t value)
{
    assert_int_equal(fr_vk_device_wait(device, value, 60 * FR_NS_PER_S), FR_OK);
}

static VkDeviceMemory allocate(struct fr_vk_device *device, const VkMemoryRequirements *wants,
                               VkMemoryPropertyFlags flags)
{
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = wants->size,
        .memoryTypeIndex = fr_vk_memory_type(device, wants->memoryTypeBits, flags, 0),
    };
    VkDeviceMemory memory;
    OK(device->vk.AllocateMemory(device->device, &info, NULL, &memory));
    return memory;
}

VkBuffer rig_buffer(struct fr_vk_device *device, VkDeviceSize bytes, VkBufferUsageFlags usage,
                    VkDeviceMemory *memory, void **mapped)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes, .usage = usage};
    VkBuffer buffer;
    OK(device->vk.CreateBuffer(device->device, &info, NULL, &buffer));
    const VkBufferMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
                                                .buffer = buffer};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    device->vk.GetBufferMemoryRequirements2(device->device, &of, &wants);
    *memory = allocate(device, &wants.memoryRequirements,
                       mapped ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                              : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    OK(device->vk.BindBufferMemory(device->device, buffer, *memory, 0));
    if (mapped)
        OK(device->vk.MapMemory(device->device, *memory, 0, VK_WHOLE_SIZE, 0, mapped));
    return buffer;
}

void rig_submit(struct fr_vk_device *device,
                void (*record)(struct fr_vk_device *device, VkCommandBuffer command, void *arg), void *arg)
{
    const struct fr_vk_functions *vk = &device->vk;
    const VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                               .queueFamilyIndex = device->family};
    VkCommandPool pool;
    OK(vk->CreateCommandPool(device->device, &pool_info, NULL, &pool));
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBuffer command;
    OK(vk->AllocateCommandBuffers(device->device, &info, &command));
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    OK(vk->BeginCommandBuffer(command, &begin));
    record(device, command, arg);
    OK(vk->EndCommandBuffer(command));
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &command};
    fr_vk_device_lock(device);
    OK(vk->QueueSubmit(device->queue, 1, &submit, VK_NULL_HANDLE));
    OK(vk->QueueWaitIdle(device->queue));
    fr_vk_device_unlock(device);
    vk->DestroyCommandPool(device->device, pool, NULL);
}

static void make_image(struct rig_slot *slot)
{
    struct fr_vk_device *device = slot->device;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = fr_vk_format(slot->format),
        .extent = {slot->width, slot->height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = FR_VK_SLOT_USAGE,
    };
    OK(device->vk.CreateImage(device->device, &info, NULL, &slot->input.image));
    const VkImageMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                               .image = slot->input.image};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    device->vk.GetImageMemoryRequirements2(device->device, &of, &wants);
    slot->memory = allocate(device, &wants.memoryRequirements, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    OK(device->vk.BindImageMemory(device->device, slot->input.image, slot->memory, 0));
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = slot->input.image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = info.format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    OK(device->vk.CreateImageView(device->device, &view, NULL, &slot->input.view));
    slot->input.outside = VK_QUEUE_FAMILY_EXTERNAL;
}

void rig_slot_init(struct rig_slot *slot, struct fr_vk_device *device, fr_format format, uint32_t width,
                   uint32_t height, bool buffer)
{
    *slot = (struct rig_slot){.device = device, .width = width, .height = height, .format = format};
    if (!buffer) {
        make_image(slot);
        return;
    }
    const uint32_t row = width * fr_format_pixel_bytes(format);
    slot->input.pitch_bytes = (row + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
    slot->input.offset_bytes = SLOT_OFFSET;
    slot->bytes = SLOT_OFFSET + (VkDeviceSize)slot->input.pitch_bytes * height;
    slot->input.buffer = rig_buffer(device, slot->bytes, FR_VK_SHARED_BUFFER_USAGE, &slot->memory, NULL);
}

struct upload {
    struct rig_slot *slot;
    VkBuffer from;
};

static void barrier(struct fr_vk_device *device, VkCommandBuffer command, VkImageMemoryBarrier image,
                    VkPipelineStageFlags from, VkPipelineStageFlags to)
{
    image.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    image.subresourceRange = (VkImageSubresourceRange){VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    device->vk.CmdPipelineBarrier(command, from, to, 0, 0, NULL, 0, NULL, 1, &image);
}

/* As a source does it. */
static void record_upload(struct fr_vk_device *device, VkCommandBuffer command, void *arg)
{
    const struct upload *const upload = arg;
    const struct rig_slot *const slot = upload->slot;
    if (slot->input.buffer) {
        const VkBufferCopy all = {.size = slot->bytes};
        device->vk.CmdCopyBuffer(command, upload->from, slot->input.buffer, 1, &all);
        return;
    }
    barrier(device, command,
            (VkImageMemoryBarrier){.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                   .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                   .srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL,
                                   .dstQueueFamilyIndex = device->family,
                                   .image = slot->input.image},
            VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT);
    const VkBufferImageCopy all = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                   .imageExtent = {slot->width, slot->height, 1}};
    device->vk.CmdCopyBufferToImage(command, upload->from, slot->input.image, VK_IMAGE_LAYOUT_GENERAL, 1,
                                    &all);
    barrier(device, command,
            (VkImageMemoryBarrier){.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                   .oldLayout = VK_IMAGE_LAYOUT_GENERAL,
                                   .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                   .srcQueueFamilyIndex = device->family,
                                   .dstQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL,
                                   .image = slot->input.image},
            VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT);
}

void rig_slot_fill(struct rig_slot *slot, const void *pixels)
{
    const size_t row = (size_t)slot->width * fr_format_pixel_bytes(slot->format);
    const size_t pitch = slot->input.buffer ? slot->input.pitch_bytes : row;
    const size_t offset = slot->input.buffer ? (size_t)slot->input.offset_bytes : 0;
    VkDeviceMemory memory;
    void *mapped;
    struct upload upload = {.slot = slot};
    upload.from = rig_buffer(slot->device, offset + pitch * slot->height, VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                             &memory, &mapped);
    memset(mapped, 0xa5, offset + pitch * slot->height); /* what is not the picture's shall not show */
    for (size_t y = 0; y < slot->height; y++)
        memcpy((uint8_t *)mapped + offset + y * pitch, (const uint8_t *)pixels + y * row, row);
    rig_submit(slot->device, record_upload, &upload);
    slot->device->vk.DestroyBuffer(slot->device->device, upload.from, NULL);
    slot->device->vk.FreeMemory(slot->device->device, memory, NULL);
}

void rig_slot_finish(struct rig_slot *slot)
{
    const struct fr_vk_functions *vk = &slot->device->vk;
    vk->DestroyImageView(slot->device->device, slot->input.view, NULL);
    vk->DestroyImage(slot->device->device, slot->input.image, NULL);
    vk->DestroyBuffer(slot->device->device, slot->input.buffer, NULL);
    vk->FreeMemory(slot->device->device, slot->memory, NULL);
}
