/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Commands that are submitted once, outside of all that is recorded to be used again. */
#include "backend/vulkan/device.h"

static VkResult record(struct fr_vk_device *device, const struct fr_vk_once *once, VkCommandPool pool,
                       VkCommandBuffer *out)
{
    const struct fr_vk_functions *vk = &device->vk;
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    VkResult result = vk->AllocateCommandBuffers(device->device, &allocate, out);
    if (result != VK_SUCCESS)
        return result;
    fr_vk_device_adopt(device, *out);
    result = vk->BeginCommandBuffer(*out, &begin);
    if (result != VK_SUCCESS)
        return result;
    once->record(once->what, *out);
    return vk->EndCommandBuffer(*out);
}

static VkResult submit(struct fr_vk_device *device, VkCommandBuffer command, uint64_t *value)
{
    const uint64_t next = device->submitted + 1;
    const VkTimelineSemaphoreSubmitInfo timeline = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                    .signalSemaphoreValueCount = 1,
                                                    .pSignalSemaphoreValues = &next};
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timeline,
        .commandBufferCount = 1,
        .pCommandBuffers = &command,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &device->progress,
    };
    const VkResult result = device->vk.QueueSubmit(device->queue, 1, &info, VK_NULL_HANDLE);
    if (result == VK_SUCCESS)
        *value = device->submitted = next;
    return result;
}

VkResult fr_vk_submit_once(struct fr_vk_device *device, const struct fr_vk_once *once, VkCommandPool *pool,
                           uint64_t *value)
{
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT,
        .queueFamilyIndex = device->family,
    };
    VkCommandBuffer command;
    VkResult result = device->vk.CreateCommandPool(device->device, &info, NULL, pool);
    if (result != VK_SUCCESS) {
        *pool = VK_NULL_HANDLE;
        return result;
    }
    result = record(device, once, *pool, &command);
    if (result == VK_SUCCESS)
        result = submit(device, command, value);
    if (result == VK_SUCCESS)
        return result;
    device->vk.DestroyCommandPool(device->device, *pool, NULL);
    *pool = VK_NULL_HANDLE;
    return result;
}
