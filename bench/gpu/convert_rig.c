/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert_rig.h"

#include "backend/vulkan/format.h"
#include "backend/vulkan/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPLOAD_BYTES = 64 << 20, ROW_ALIGN = 64 };

void rig_must(VkResult result, const char *what)
{
    if (result == VK_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what, fr_vk_result_name(result));
    exit(1);
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

struct fr_vk_device *rig_device(const char *name)
{
    static const fr_log log = {.write = write_log, .max_level = FR_LOG_INFO};
    const fr_vulkan_host_params params = {.device = name};
    const struct fr_vk_wish wish = {.params = &params, .any_type = true};
    struct fr_vk_device *device;
    if (fr_vk_device_create(&device, &wish, &log) != FR_OK)
        exit(1);
    return device;
}

VkQueryPool rig_queries(struct fr_vk_device *device, uint32_t count)
{
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = count};
    VkQueryPool pool;
    rig_must(device->vk.CreateQueryPool(device->device, &info, NULL, &pool), "vkCreateQueryPool");
    return pool;
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
    rig_must(device->vk.AllocateMemory(device->device, &info, NULL, &memory), "vkAllocateMemory");
    return memory;
}

static VkBuffer make_buffer(struct fr_vk_device *device, VkDeviceSize bytes, VkMemoryPropertyFlags flags,
                            VkDeviceMemory *memory)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes, .usage = FR_VK_SHARED_BUFFER_USAGE};
    VkBuffer buffer;
    rig_must(device->vk.CreateBuffer(device->device, &info, NULL, &buffer), "vkCreateBuffer");
    const VkBufferMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
                                                .buffer = buffer};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    device->vk.GetBufferMemoryRequirements2(device->device, &of, &wants);
    *memory = allocate(device, &wants.memoryRequirements, flags);
    rig_must(device->vk.BindBufferMemory(device->device, buffer, *memory, 0), "vkBindBufferMemory");
    return buffer;
}

static void make_image(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params)
{
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = fr_vk_format(params->from),
        .extent = {params->width, params->height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = FR_VK_SLOT_USAGE,
    };
    rig_must(device->vk.CreateImage(device->device, &info, NULL, &slot->input.image), "vkCreateImage");
    const VkImageMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                               .image = slot->input.image};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    device->vk.GetImageMemoryRequirements2(device->device, &of, &wants);
    slot->memory = allocate(device, &wants.memoryRequirements, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    rig_must(device->vk.BindImageMemory(device->device, slot->input.image, slot->memory, 0),
             "vkBindImageMemory");
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = slot->input.image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = info.format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    rig_must(device->vk.CreateImageView(device->device, &view, NULL, &slot->input.view), "vkCreateImageView");
    slot->input.outside = VK_QUEUE_FAMILY_EXTERNAL;
}

struct rig_once rig_begin(struct fr_vk_device *device)
{
    struct rig_once once = {.device = device};
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = device->family};
    rig_must(device->vk.CreateCommandPool(device->device, &pool, NULL, &once.pool), "vkCreateCommandPool");
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = once.pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    rig_must(device->vk.AllocateCommandBuffers(device->device, &info, &once.command),
             "vkAllocateCommandBuffers");
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    rig_must(device->vk.BeginCommandBuffer(once.command, &begin), "vkBeginCommandBuffer");
    return once;
}

void rig_end(struct rig_once *once)
{
    const struct fr_vk_functions *const vk = &once->device->vk;
    rig_must(vk->EndCommandBuffer(once->command), "vkEndCommandBuffer");
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &once->command};
    rig_must(vk->QueueSubmit(once->device->queue, 1, &submit, VK_NULL_HANDLE), "vkQueueSubmit");
    rig_must(vk->QueueWaitIdle(once->device->queue), "vkQueueWaitIdle");
    vk->DestroyCommandPool(once->device->device, once->pool, NULL);
}

void rig_barrier(struct fr_vk_device *device, VkCommandBuffer command)
{
    const VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                 .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
                                 .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT};
    device->vk.CmdPipelineBarrier(command, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                  VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &all, 0, NULL, 0, NULL);
}

uint32_t rig_warm_count(const struct fr_vk_device *device, double bytes)
{
    /* 160 ms at 2 TB/s. */
    return device->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? 2 : (uint32_t)(320e9 / bytes) + 1;
}

static void move_image(struct rig_once *once, VkImage image, bool out)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .oldLayout = out ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = out ? once->device->family : VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = out ? VK_QUEUE_FAMILY_EXTERNAL : VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    once->device->vk.CmdPipelineBarrier(once->command, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                        VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

/* From a buffer of `rows` rows, again and again. */
static void record_upload(struct rig_once *once, const struct rig_slot *slot, const fr_convert_params *params,
                          VkBuffer from, uint32_t rows)
{
    const struct fr_vk_functions *const vk = &once->device->vk;
    for (uint32_t y = 0; y < params->height; y += rows) {
        const uint32_t count = params->height - y < rows ? params->height - y : rows;
        const VkBufferImageCopy texels = {
            .bufferRowLength = slot->input.pitch_bytes / fr_format_pixel_bytes(params->from),
            .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
            .imageOffset = {0, (int32_t)y, 0},
            .imageExtent = {params->width, count, 1},
        };
        const VkBufferCopy bytes = {.dstOffset = (VkDeviceSize)y * slot->input.pitch_bytes,
                                    .size = (VkDeviceSize)count * slot->input.pitch_bytes};
        if (slot->input.buffer)
            vk->CmdCopyBuffer(once->command, from, slot->input.buffer, 1, &bytes);
        else
            vk->CmdCopyBufferToImage(once->command, from, slot->input.image, VK_IMAGE_LAYOUT_GENERAL, 1,
                                     &texels);
    }
}

void rig_noise(void *pixels, size_t bytes, fr_format format, enum rig_content content)
{
    uint64_t state = 7;
    for (size_t i = 0; i < bytes / 2; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint16_t word = (uint16_t)(state >> 40);
        if (format == FR_FORMAT_RGBA16F) /* 2^-7 .. 16 */
            word =
                (uint16_t)((0x2000 + word % 0x2c00) | (content == RIG_WIDE && state >> 62 == 0 ? 0x8000 : 0));
        memcpy((uint8_t *)pixels + 2 * i, &word, 2);
    }
}

static void init_slot(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params,
                      bool buffer, const void *pixels, enum rig_content content)
{
    *slot = (struct rig_slot){0};
    const size_t row = (size_t)params->width * fr_format_pixel_bytes(params->from);
    slot->input.pitch_bytes = (uint32_t)((row + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN);
    if (buffer)
        slot->input.buffer = make_buffer(device, (VkDeviceSize)slot->input.pitch_bytes * params->height,
                                         VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &slot->memory);
    else
        make_image(slot, device, params);
    uint32_t rows = UPLOAD_BYTES / slot->input.pitch_bytes;
    if (pixels || rows > params->height)
        rows = params->height;
    const size_t bytes = (size_t)rows * slot->input.pitch_bytes;
    VkDeviceMemory memory;
    const VkBuffer from = make_buffer(
        device, bytes, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, &memory);
    void *mapped;
    rig_must(device->vk.MapMemory(device->device, memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
    if (!pixels)
        rig_noise(mapped, bytes, params->from, content);
    for (size_t y = 0; pixels && y < rows; y++)
        memcpy((uint8_t *)mapped + y * slot->input.pitch_bytes, (const uint8_t *)pixels + y * row, row);
    struct rig_once once = rig_begin(device);
    if (!buffer)
        move_image(&once, slot->input.image, false);
    record_upload(&once, slot, params, from, rows);
    if (!buffer && pixels)
        move_image(&once, slot->input.image, true);
    rig_end(&once);
    device->vk.DestroyBuffer(device->device, from, NULL);
    device->vk.FreeMemory(device->device, memory, NULL);
}

void rig_slot_init(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params,
                   bool buffer, enum rig_content content)
{
    init_slot(slot, device, params, buffer, NULL, content);
}

void rig_slot_init_with(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params,
                        bool buffer, const void *pixels)
{
    init_slot(slot, device, params, buffer, pixels, RIG_LIGHT);
}

void rig_slot_finish(struct rig_slot *slot, struct fr_vk_device *device)
{
    device->vk.DestroyImageView(device->device, slot->input.view, NULL);
    device->vk.DestroyImage(device->device, slot->input.image, NULL);
    device->vk.DestroyBuffer(device->device, slot->input.buffer, NULL);
    device->vk.FreeMemory(device->device, slot->memory, NULL);
}
