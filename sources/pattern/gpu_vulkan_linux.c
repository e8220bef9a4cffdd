/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include "gpu_vulkan.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t gpu_wait_ns = 5 * FR_NS_PER_S;

struct fr_gpu {
    fr_gpu_vulkan vk;
    fr_vulkan_source_params params;
    VkCommandPool pool;
    VkCommandBuffer commands;
    VkFence fence;        /* of the last upload */
    bool busy;            /* `fence` is to be waited for */
    VkSemaphore uploaded; /* binary: the image is complete, for the push */

    /* Of the size and format below. */
    uint32_t width, height;
    fr_format format;
    VkFormat vk_format;
    VkBuffer buffer;
    VkDeviceMemory buffer_memory, image_memory;
    VkImage image;
    uint64_t number; /* of the image; counts */
    size_t pitch_bytes;
    void *pixels; /* of the buffer: what is drawn into */
};

static const char *apply_backend(void *user, const char *value)
{
    fr_gpu_options *options = user;
    options->wanted = !strcmp(value, "vulkan");
    return options->wanted || !strcmp(value, "cpu") ? NULL : "a backend is cpu or vulkan";
}

static const char *apply_gpu(void *user, const char *value)
{
    fr_gpu_options *options = user;
    options->name = value;
    return *value ? NULL : "a part of the GPU's name is needed";
}

static const fr_option own_options[] = {
    {"backend", "NAME",
     "cpu: draw into the ring (default); vulkan: publish images of a GPU, where there is one", apply_backend},
    {"gpu", "NAME", "vulkan: the device that has this in its name, or has this UUID", apply_gpu},
};

fr_option_group fr_gpu_group(fr_gpu_options *options)
{
    return (fr_option_group){own_options, sizeof(own_options) / sizeof(own_options[0]), options};
}

static bool make_commands(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = vk->family,
    };
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    if (vk->CreateCommandPool(vk->device, &pool, NULL, &gpu->pool) != VK_SUCCESS)
        return false;
    const VkCommandBufferAllocateInfo commands = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = gpu->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    return vk->AllocateCommandBuffers(vk->device, &commands, &gpu->commands) == VK_SUCCESS &&
           vk->CreateFence(vk->device, &fence, NULL, &gpu->fence) == VK_SUCCESS &&
           vk->CreateSemaphore(vk->device, &semaphore, NULL, &gpu->uploaded) == VK_SUCCESS;
}

bool fr_gpu_create(fr_gpu **out, const fr_gpu_options *options, const fr_program *program)
{
    *out = NULL;
    if (!options->wanted)
        return true;
    fr_gpu *gpu = calloc(1, sizeof(*gpu));
    if (!gpu) {
        fr_program_say(program, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        return false;
    }
    bool made = fr_gpu_vulkan_init(&gpu->vk, options->name, program);
    if (made && !make_commands(gpu)) {
        fr_program_say(program, "the GPU has no memory left");
        made = false;
    }
    if (!made) {
        const bool absent = gpu->vk.absent;
        fr_gpu_destroy(&gpu);
        return absent;
    }
    gpu->params = (fr_vulkan_source_params){
        .instance = gpu->vk.instance,
        .physical_device = gpu->vk.physical_device,
        .device = gpu->vk.device,
        .queue = gpu->vk.queue,
        .queue_family = gpu->vk.family,
        .api_version = VK_API_VERSION_1_1,
        .extensions = gpu->vk.extensions,
        .num_extensions = gpu->vk.num_extensions,
        .timeline_semaphores = gpu->vk.timeline_semaphores,
        .storage_image_write_without_format = gpu->vk.storage_image_write_without_format,
    };
    *out = gpu;
    return true;
}

/* False: the device is lost, or hangs. */
static bool wait_for_upload(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    if (!gpu->busy)
        return true;
    if (vk->WaitForFences(vk->device, 1, &gpu->fence, VK_TRUE, gpu_wait_ns) != VK_SUCCESS)
        return false;
    gpu->busy = false;
    return vk->ResetFences(vk->device, 1, &gpu->fence) == VK_SUCCESS;
}

static void drop_picture(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    (void)wait_for_upload(gpu);
    vk->DeviceWaitIdle(vk->device); /* the library may still read the image */
    vk->DestroyBuffer(vk->device, gpu->buffer, NULL);
    vk->FreeMemory(vk->device, gpu->buffer_memory, NULL);
    vk->DestroyImage(vk->device, gpu->image, NULL);
    vk->FreeMemory(vk->device, gpu->image_memory, NULL);
    gpu->buffer = VK_NULL_HANDLE;
    gpu->image = VK_NULL_HANDLE;
    gpu->buffer_memory = gpu->image_memory = VK_NULL_HANDLE;
    gpu->pixels = NULL;
    gpu->format = FR_FORMAT_NONE;
}

void fr_gpu_destroy(fr_gpu **gpu_)
{
    fr_gpu *gpu = *gpu_;
    if (!gpu)
        return;
    *gpu_ = NULL;
    const fr_gpu_vulkan *vk = &gpu->vk;
    if (gpu->pool) {
        drop_picture(gpu);
        vk->DestroySemaphore(vk->device, gpu->uploaded, NULL);
        vk->DestroyFence(vk->device, gpu->fence, NULL);
        vk->DestroyCommandPool(vk->device, gpu->pool, NULL);
    }
    fr_gpu_vulkan_finish(&gpu->vk);
    free(gpu);
}

void fr_gpu_offer(const fr_gpu *gpu, fr_source_params *params)
{
    params->vulkan = gpu ? &gpu->params : NULL;
}

static VkResult make_buffer(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkMemoryPropertyFlags plain =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = gpu->pitch_bytes * gpu->height,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult result = vk->CreateBuffer(vk->device, &info, NULL, &gpu->buffer);
    if (result != VK_SUCCESS)
        return result;
    VkMemoryRequirements needs;
    uint32_t type;
    vk->GetBufferMemoryRequirements(vk->device, gpu->buffer, &needs);
    /* The picture reads what it drew before: cached memory, if there is any. */
    if (!fr_gpu_vulkan_memory(vk, needs.memoryTypeBits, plain | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, &type) &&
        !fr_gpu_vulkan_memory(vk, needs.memoryTypeBits, plain, &type))
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    const VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = type,
    };
    result = vk->AllocateMemory(vk->device, &memory, NULL, &gpu->buffer_memory);
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(vk->device, gpu->buffer, gpu->buffer_memory, 0);
    if (result == VK_SUCCESS)
        result = vk->MapMemory(vk->device, gpu->buffer_memory, 0, VK_WHOLE_SIZE, 0, &gpu->pixels);
    return result;
}

static VkResult make_image(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = gpu->vk_format,
        .extent = {gpu->width, gpu->height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage =
            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
    VkResult result = vk->CreateImage(vk->device, &info, NULL, &gpu->image);
    gpu->number++;
    if (result != VK_SUCCESS)
        return result;
    VkMemoryRequirements needs;
    uint32_t type;
    vk->GetImageMemoryRequirements(vk->device, gpu->image, &needs);
    if (!fr_gpu_vulkan_memory(vk, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &type))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    const VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.size,
        .memoryTypeIndex = type,
    };
    result = vk->AllocateMemory(vk->device, &memory, NULL, &gpu->image_memory);
    return result == VK_SUCCESS ? vk->BindImageMemory(vk->device, gpu->image, gpu->image_memory, 0) : result;
}

static VkFormat format_of(fr_format format)
{
    switch (format) {
    case FR_FORMAT_BGRA8: return VK_FORMAT_B8G8R8A8_UNORM;
    case FR_FORMAT_RGBA8: return VK_FORMAT_R8G8B8A8_UNORM;
    case FR_FORMAT_RGB10A2: return VK_FORMAT_A2B10G10R10_UNORM_PACK32;
    case FR_FORMAT_RGBA16F: return VK_FORMAT_R16G16B16A16_SFLOAT;
    default: return VK_FORMAT_UNDEFINED;
    }
}

static bool make_picture(fr_gpu *gpu, const fr_slot *slot)
{
    drop_picture(gpu);
    gpu->width = slot->width;
    gpu->height = slot->height;
    gpu->vk_format = format_of(slot->format);
    gpu->pitch_bytes = (size_t)slot->width * fr_format_pixel_bytes(slot->format);
    if (make_buffer(gpu) != VK_SUCCESS || make_image(gpu) != VK_SUCCESS)
        return false;
    memset(gpu->pixels, 0, gpu->pitch_bytes * gpu->height);
    gpu->format = slot->format;
    return true;
}

bool fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot)
{
    const bool same = gpu->width == slot->width && gpu->height == slot->height && gpu->format == slot->format;
    if (!wait_for_upload(gpu))
        return false;
    if (!same && !make_picture(gpu, slot)) {
        drop_picture(gpu);
        return false;
    }
    slot->pixels = gpu->pixels;
    slot->pitch_bytes = gpu->pitch_bytes;
    return true;
}

/* A slot is the other process's between uses, our image is nobody's but ours: `outside` is IGNORED. */
static void record_copy(fr_gpu *gpu, VkImage to, uint32_t outside)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const bool is_slot = outside != VK_QUEUE_FAMILY_IGNORED;
    VkImageMemoryBarrier begin = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
        .srcQueueFamilyIndex = outside,
        .dstQueueFamilyIndex = is_slot ? vk->family : VK_QUEUE_FAMILY_IGNORED,
        .image = to,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    VkImageMemoryBarrier end = begin;
    end.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    end.dstAccessMask = is_slot ? 0 : VK_ACCESS_TRANSFER_READ_BIT;
    end.oldLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
    end.newLayout = is_slot ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
    end.srcQueueFamilyIndex = begin.dstQueueFamilyIndex;
    end.dstQueueFamilyIndex = begin.srcQueueFamilyIndex;
    const VkBufferImageCopy region = {
        .imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
        .imageExtent = {gpu->width, gpu->height, 1},
    };
    vk->CmdPipelineBarrier(gpu->commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                           0, NULL, 0, NULL, 1, &begin);
    vk->CmdCopyBufferToImage(gpu->commands, gpu->buffer, to, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                             &region);
    vk->CmdPipelineBarrier(gpu->commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                           is_slot ? VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT : VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                           0, NULL, 0, NULL, 1, &end);
}

/* Copies what was drawn, then signals the semaphore: a timeline one with its value, a binary one with 0. */
static bool upload(fr_gpu *gpu, VkImage to, uint32_t outside, VkSemaphore signal, uint64_t value)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    if (!wait_for_upload(gpu) || vk->BeginCommandBuffer(gpu->commands, &begin) != VK_SUCCESS)
        return false;
    record_copy(gpu, to, outside);
    if (vk->EndCommandBuffer(gpu->commands) != VK_SUCCESS)
        return false;
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value,
    };
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = value ? &values : NULL,
        .commandBufferCount = 1,
        .pCommandBuffers = &gpu->commands,
        .signalSemaphoreCount = signal ? 1 : 0,
        .pSignalSemaphores = &signal,
    };
    gpu->busy = vk->QueueSubmit(vk->queue, 1, &submit, gpu->fence) == VK_SUCCESS;
    return gpu->busy;
}

bool fr_gpu_upload(fr_gpu *gpu, fr_source *source, const fr_slot *slot, bool last)
{
    fr_vulkan_slot to;
    if (fr_source_vulkan_slot(source, slot, &to) != FR_OK)
        return false;
    const VkSemaphore ready = last ? (VkSemaphore)(uintptr_t)to.ready : VK_NULL_HANDLE;
    return upload(gpu, (VkImage)(uintptr_t)to.image, to.queue_family, ready, ready ? to.ready_value : 0) &&
           (ready || wait_for_upload(gpu));
}

/* A push that did not come to its copy left the semaphore signalled. */
static void swallow(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &gpu->uploaded,
        .pWaitDstStageMask = &stage,
    };
    (void)vk->QueueSubmit(vk->queue, 1, &submit, VK_NULL_HANDLE);
}

fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info)
{
    const uint64_t uploaded = (uint64_t)(uintptr_t)gpu->uploaded;
    const fr_vulkan_image image = {
        .image = (uint64_t)(uintptr_t)gpu->image,
        .format = (uint32_t)gpu->vk_format,
        .width = gpu->width,
        .height = gpu->height,
        .layout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        .wait = &uploaded,
        .num_wait = 1,
        .sampled = true,
        .number = gpu->number,
    };
    if (!upload(gpu, gpu->image, VK_QUEUE_FAMILY_IGNORED, gpu->uploaded, 0))
        return FR_ERR_DEVICE_LOST;
    const fr_status status = fr_source_push_vulkan(source, &image, info);
    if (status != FR_OK)
        swallow(gpu);
    return status;
}
