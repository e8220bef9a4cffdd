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
    VkFence fence;        /* of our last submission */
    bool busy;            /* `fence` is to be waited for */
    bool hung;            /* the queue's work has no end: what it may use stays where it is */
    VkSemaphore uploaded; /* binary: the image is complete, for the push */
    bool signalled;       /* `uploaded` is, or will be, and no push waits for it */

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

static fr_status status_of(VkResult result)
{
    if (result == VK_SUCCESS)
        return FR_OK;
    return result == VK_ERROR_DEVICE_LOST || result == VK_TIMEOUT ? FR_ERR_DEVICE_LOST : FR_ERR_NO_MEMORY;
}

/* For the work of our last submission. */
static VkResult wait_for_fence(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    if (!gpu->busy)
        return VK_SUCCESS;
    /* What hangs had its time. */
    VkResult result = vk->WaitForFences(vk->device, 1, &gpu->fence, VK_TRUE, gpu->hung ? 0 : gpu_wait_ns);
    gpu->hung = result == VK_TIMEOUT;
    if (result == VK_SUCCESS)
        result = vk->ResetFences(vk->device, 1, &gpu->fence);
    gpu->busy = result != VK_SUCCESS;
    return result;
}

/* NULL: no work, whose end is the end of all that the queue was given before. */
static VkResult submit(fr_gpu *gpu, const VkSubmitInfo *info)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    VkResult result = wait_for_fence(gpu);
    if (result != VK_SUCCESS)
        return result;
    result = vk->QueueSubmit(vk->queue, info ? 1 : 0, info, gpu->fence);
    gpu->busy = result == VK_SUCCESS;
    return result;
}

/* What is not over may read the picture still, also the library's copies: then the picture stays, and the
 * result says why. A device that is lost has nothing under way. */
static VkResult drop_picture(fr_gpu *gpu)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    VkResult result = submit(gpu, NULL);
    if (result == VK_SUCCESS)
        result = wait_for_fence(gpu);
    if (result != VK_SUCCESS && result != VK_ERROR_DEVICE_LOST)
        return result;
    vk->DestroyBuffer(vk->device, gpu->buffer, NULL);
    vk->FreeMemory(vk->device, gpu->buffer_memory, NULL);
    vk->DestroyImage(vk->device, gpu->image, NULL);
    vk->FreeMemory(vk->device, gpu->image_memory, NULL);
    gpu->buffer = VK_NULL_HANDLE;
    gpu->image = VK_NULL_HANDLE;
    gpu->buffer_memory = gpu->image_memory = VK_NULL_HANDLE;
    gpu->pixels = NULL;
    gpu->format = FR_FORMAT_NONE;
    return result;
}

void fr_gpu_destroy(fr_gpu **gpu_)
{
    fr_gpu *gpu = *gpu_;
    if (!gpu)
        return;
    *gpu_ = NULL;
    const fr_gpu_vulkan *vk = &gpu->vk;
    if (gpu->fence) {
        const VkResult dropped = drop_picture(gpu);
        if (dropped != VK_SUCCESS && dropped != VK_ERROR_DEVICE_LOST)
            return;
    }
    if (gpu->pool) {
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

static VkResult make_picture(fr_gpu *gpu, const fr_slot *slot)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    VkResult result = drop_picture(gpu);
    if (result != VK_SUCCESS)
        return result;
    gpu->width = slot->width;
    gpu->height = slot->height;
    gpu->vk_format = format_of(slot->format);
    gpu->pitch_bytes = (size_t)slot->width * fr_format_pixel_bytes(slot->format);
    gpu->number++;
    result = fr_gpu_vulkan_buffer(vk, gpu->pitch_bytes * gpu->height, &gpu->buffer, &gpu->buffer_memory,
                                  &gpu->pixels);
    if (result == VK_SUCCESS)
        result =
            fr_gpu_vulkan_image(vk, gpu->vk_format, gpu->width, gpu->height, &gpu->image, &gpu->image_memory);
    if (result != VK_SUCCESS) {
        (void)drop_picture(gpu);
        return result;
    }
    memset(gpu->pixels, 0, gpu->pitch_bytes * gpu->height);
    gpu->format = slot->format;
    return VK_SUCCESS;
}

fr_status fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot)
{
    const bool same = gpu->width == slot->width && gpu->height == slot->height && gpu->format == slot->format;
    const VkResult result = same ? wait_for_fence(gpu) : make_picture(gpu, slot);
    if (result != VK_SUCCESS)
        return status_of(result);
    slot->pixels = gpu->pixels;
    slot->pitch_bytes = gpu->pitch_bytes;
    return FR_OK;
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
static VkResult upload(fr_gpu *gpu, VkImage to, uint32_t outside, VkSemaphore signal, uint64_t value)
{
    const fr_gpu_vulkan *vk = &gpu->vk;
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult result = wait_for_fence(gpu);
    if (result == VK_SUCCESS)
        result = vk->BeginCommandBuffer(gpu->commands, &begin);
    if (result != VK_SUCCESS)
        return result;
    record_copy(gpu, to, outside);
    result = vk->EndCommandBuffer(gpu->commands);
    if (result != VK_SUCCESS)
        return result;
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = value ? &values : NULL,
        .commandBufferCount = 1,
        .pCommandBuffers = &gpu->commands,
        .signalSemaphoreCount = signal ? 1 : 0,
        .pSignalSemaphores = &signal,
    };
    return submit(gpu, &info);
}

fr_status fr_gpu_upload(fr_gpu *gpu, fr_source *source, const fr_slot *slot, bool last)
{
    fr_vulkan_slot to;
    const fr_status status = fr_source_vulkan_slot(source, slot, &to);
    if (status != FR_OK)
        return status;
    const VkSemaphore ready = last ? (VkSemaphore)(uintptr_t)to.ready : VK_NULL_HANDLE;
    VkResult result =
        upload(gpu, (VkImage)(uintptr_t)to.image, to.queue_family, ready, ready ? to.ready_value : 0);
    if (result == VK_SUCCESS && !ready)
        result = wait_for_fence(gpu);
    return status_of(result);
}

/* A push that did not come to its copy left the semaphore signalled, which is signalled again below. */
static VkResult swallow(fr_gpu *gpu)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &gpu->uploaded,
        .pWaitDstStageMask = &stage,
    };
    const VkResult result = gpu->signalled ? submit(gpu, &info) : VK_SUCCESS;
    gpu->signalled = gpu->signalled && result != VK_SUCCESS;
    return result;
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
    VkResult result = swallow(gpu);
    if (result == VK_SUCCESS)
        result = upload(gpu, gpu->image, VK_QUEUE_FAMILY_IGNORED, gpu->uploaded, 0);
    if (result != VK_SUCCESS)
        return status_of(result);
    const fr_status status = fr_source_push_vulkan(source, &image, info);
    gpu->signalled = status != FR_OK && status != FR_TIMEOUT;
    return status;
}
