/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include "record.h"
#include "settings.h"
#include "swapchain.h"

#include <stddef.h>
#include <string.h>

/* How the memory types are tried: all of the first row's flags, else of the next. 0 ends. */
static const VkMemoryPropertyFlags for_images[] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
static const VkMemoryPropertyFlags for_reading[] = {
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT |
        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0};

static bool find_memory(const fr_layer_device *device, uint32_t allowed, const VkMemoryPropertyFlags *wanted,
                        uint32_t *index)
{
    for (; *wanted; wanted++)
        for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++)
            if (allowed & 1u << i && (device->memory.memoryTypes[i].propertyFlags & *wanted) == *wanted) {
                *index = i;
                return true;
            }
    return false;
}

static VkResult allocate(const fr_layer_device *device, const VkMemoryRequirements *needs,
                         const VkMemoryPropertyFlags *wanted, VkDeviceMemory *out, uint32_t *index)
{
    if (!find_memory(device, needs->memoryTypeBits, wanted, index))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs->size,
        .memoryTypeIndex = *index,
    };
    return device->vk.AllocateMemory(device->handle, &info, NULL, out);
}

static bool stores(const fr_layer_swapchain *swapchain)
{
    const fr_layer_device *device = swapchain->device;
    VkFormatProperties properties;
    device->instance->vk.GetPhysicalDeviceFormatProperties(device->physical_device,
                                                           swapchain->plan.image_format, &properties);
    return properties.optimalTilingFeatures & VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT &&
           properties.optimalTilingFeatures & VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT;
}

static VkResult make_image(fr_layer_sink *sink, const fr_layer_swapchain *swapchain)
{
    const fr_layer_device *device = swapchain->device;
    const bool shader = swapchain->copier && stores(swapchain);
    sink->storage = shader;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = swapchain->plan.image_format,
        .extent = {swapchain->width, swapchain->height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                 (shader ? VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_SAMPLED_BIT : 0),
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
    VkResult result = device->vk.CreateImage(device->handle, &info, NULL, &sink->image);
    if (result != VK_SUCCESS)
        return result;
    VkMemoryRequirements needs;
    uint32_t index;
    device->vk.GetImageMemoryRequirements(device->handle, sink->image, &needs);
    result = allocate(device, &needs, for_images, &sink->image_memory, &index);
    if (result != VK_SUCCESS)
        return result;
    return device->vk.BindImageMemory(device->handle, sink->image, sink->image_memory, 0);
}

static VkResult make_buffer(fr_layer_sink *sink, const fr_layer_swapchain *swapchain)
{
    const fr_layer_device *device = swapchain->device;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = (VkDeviceSize)swapchain->width * swapchain->height *
                fr_format_pixel_bytes(swapchain->plan.format),
        .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult result = device->vk.CreateBuffer(device->handle, &info, NULL, &sink->buffer);
    if (result != VK_SUCCESS)
        return result;
    VkMemoryRequirements needs;
    uint32_t index = 0;
    device->vk.GetBufferMemoryRequirements(device->handle, sink->buffer, &needs);
    result = allocate(device, &needs, for_reading, &sink->buffer_memory, &index);
    if (result == VK_SUCCESS)
        result = device->vk.BindBufferMemory(device->handle, sink->buffer, sink->buffer_memory, 0);
    void *pixels = NULL;
    if (result == VK_SUCCESS)
        result = device->vk.MapMemory(device->handle, sink->buffer_memory, 0, VK_WHOLE_SIZE, 0, &pixels);
    sink->pixels = pixels;
    sink->cached = !(device->memory.memoryTypes[index].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
    return result;
}

static VkResult make_commands(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool)
{
    const fr_layer_device *device = swapchain->device;
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = swapchain->num_images + 1,
    };
    sink->stage = fr_layer_record_stage(sink);
    VkResult result = device->vk.CreateFence(device->handle, &fence, NULL, &sink->fence);
    if (result == VK_SUCCESS)
        result = device->vk.AllocateCommandBuffers(device->handle, &info, sink->copy);
    for (uint32_t i = 0; result == VK_SUCCESS && i <= swapchain->num_images; i++) {
        if (device->adopt)
            device->adopt(device->handle, sink->copy[i]);
        result = i < swapchain->num_images ? fr_layer_record(sink, swapchain, i, sink->copy[i])
                                           : fr_layer_record_after_all(sink, swapchain, sink->copy[i]);
    }
    return result;
}

static bool complete(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool,
                     VkResult result)
{
    const fr_layer_moment since = fr_layer_moment_now();
    /* Without them vkCmdCopyImage does it. */
    if (result == VK_SUCCESS && swapchain->copier && sink->storage)
        (void)fr_layer_copies_init(&sink->copies, swapchain->copier, swapchain->device, swapchain->image,
                                   swapchain->num_images, swapchain->format, sink->image,
                                   swapchain->plan.image_format);
    if (result == VK_SUCCESS) {
        fr_layer_timer_init(&sink->timer, swapchain->device, swapchain->family, swapchain->num_images);
        result = make_commands(sink, swapchain, pool);
    }
    fr_layer_stats_note_recording(fr_layer_leave_out(since));
    sink->made = result == VK_SUCCESS;
    if (!sink->made) {
        fr_layer_say("no room for copies of frames of %ux%u (VkResult %d)", swapchain->width,
                     swapchain->height, (int)result);
        fr_layer_sink_finish(sink, swapchain, pool);
    }
    return sink->made;
}

bool fr_layer_sink_make_slot(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool,
                             const fr_vulkan_slot *slot)
{
    sink->is_slot = true;
    sink->outside = slot->queue_family;
    sink->storage = slot->storage;
    sink->image = (VkImage)(uintptr_t)slot->image;
    return complete(sink, swapchain, pool, VK_SUCCESS);
}

bool fr_layer_sink_make_stage(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool,
                              bool in_memory)
{
    VkResult result = VK_SUCCESS;
    if (!in_memory || swapchain->plan.way == FR_LAYER_BLIT)
        result = make_image(sink, swapchain);
    if (result == VK_SUCCESS && in_memory)
        result = make_buffer(sink, swapchain);
    return complete(sink, swapchain, pool, result);
}

void fr_layer_sink_finish(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool)
{
    const fr_layer_device *device = swapchain->device;
    if (sink->copy[0])
        device->vk.FreeCommandBuffers(device->handle, pool, swapchain->num_images + 1, sink->copy);
    fr_layer_copies_finish(&sink->copies, device);
    fr_layer_timer_finish(&sink->timer, device);
    device->vk.DestroyFence(device->handle, sink->fence, NULL);
    device->vk.DestroyBuffer(device->handle, sink->buffer, NULL);
    device->vk.FreeMemory(device->handle, sink->buffer_memory, NULL);
    if (!sink->is_slot)
        device->vk.DestroyImage(device->handle, sink->image, NULL);
    device->vk.FreeMemory(device->handle, sink->image_memory, NULL);
    fr_layer_sink_forget(sink);
}

/* But the state, which presents look at any time. */
void fr_layer_sink_forget(fr_layer_sink *sink)
{
    const size_t kept = offsetof(fr_layer_sink, made);
    memset((char *)sink + kept, 0, sizeof(*sink) - kept);
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OFF, memory_order_relaxed);
}

VkResult fr_layer_sink_wait(const fr_layer_sink *sink, const fr_layer_device *device, uint64_t timeout_ns)
{
    if (!sink->submitted)
        return VK_SUCCESS;
    if (!timeout_ns) {
        const VkResult result = device->vk.GetFenceStatus(device->handle, sink->fence);
        return result == VK_NOT_READY ? VK_TIMEOUT : result;
    }
    return device->vk.WaitForFences(device->handle, 1, &sink->fence, VK_TRUE, timeout_ns);
}

fr_layer_means fr_layer_sink_means(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain)
{
    if (sink->copies.pool)
        return FR_LAYER_MEANS_SHADER;
    if (!sink->image)
        return FR_LAYER_MEANS_BUFFER;
    return swapchain->plan.way == FR_LAYER_BLIT ? FR_LAYER_MEANS_BLIT : FR_LAYER_MEANS_COPY;
}

void fr_layer_sink_reset(fr_layer_sink *sink, const fr_layer_swapchain *swapchain)
{
    const fr_layer_device *device = swapchain->device;
    if (sink->submitted) {
        const fr_layer_moment since = fr_layer_moment_now();
        fr_layer_stats_note_gpu(sink->is_slot ? FR_LAYER_FATE_SLOT : FR_LAYER_FATE_STAGE,
                                fr_layer_sink_means(sink, swapchain),
                                fr_layer_timer_read(&sink->timer, device, sink->image_index));
        (void)fr_layer_leave_out(since);
        device->vk.ResetFences(device->handle, 1, &sink->fence);
    }
    sink->submitted = false;
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OFF, memory_order_relaxed);
}
