/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures in memory. */
#include "backend/vulkan/picture.h"

static VkMemoryPropertyFlags flags_of(const struct fr_vk_device *device, uint32_t type)
{
    return device->memory.memoryTypes[type].propertyFlags;
}

static VkResult map(struct fr_vk_picture *p, VkDeviceMemory memory)
{
    return p->device->vk.MapMemory(p->device->device, memory, 0, VK_WHOLE_SIZE, 0, &p->mapped);
}

static VkResult make_staging(struct fr_vk_picture *p)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = p->bytes,
                                     .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    VkResult result = vk->CreateBuffer(p->device->device, &info, NULL, &p->staging);
    if (result != VK_SUCCESS)
        return result;
    const VkBufferMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
                                                .buffer = p->staging};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    vk->GetBufferMemoryRequirements2(p->device->device, &of, &wants);
    p->staging_type =
        fr_vk_memory_type(p->device, wants.memoryRequirements.memoryTypeBits,
                          VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (p->staging_type == UINT32_MAX)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = wants.memoryRequirements.size,
        .memoryTypeIndex = p->staging_type,
    };
    result = vk->AllocateMemory(p->device->device, &allocate, NULL, &p->staging_memory);
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(p->device->device, p->staging, p->staging_memory, 0);
    return result == VK_SUCCESS ? map(p, p->staging_memory) : result;
}

void fr_vk_picture_finish_map(struct fr_vk_picture *p)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    vk->DestroyCommandPool(p->device->device, p->pool, NULL);
    vk->DestroyBuffer(p->device->device, p->staging, NULL);
    vk->FreeMemory(p->device->device, p->staging_memory, NULL); /* and unmaps it */
    p->pool = VK_NULL_HANDLE;
    p->copy = NULL;
    p->staging = VK_NULL_HANDLE;
    p->staging_memory = VK_NULL_HANDLE;
    p->mapped = NULL;
}

static void record_copy(const struct fr_vk_picture *p, VkCommandBuffer command)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    /* A semaphore has seen to the conversion; there is the copy before. */
    const VkMemoryBarrier before = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
    };
    const VkMemoryBarrier after = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };
    const VkBufferCopy all = {.size = p->bytes};
    vk->CmdPipelineBarrier(command, stage, stage, 0, 1, &before, 0, NULL, 0, NULL);
    fr_vk_picture_record_take(p, command, stage, VK_ACCESS_TRANSFER_READ_BIT);
    vk->CmdCopyBuffer(command, p->buffer, p->staging, 1, &all);
    fr_vk_picture_record_give(p, command, stage, 0);
    vk->CmdPipelineBarrier(command, stage, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &after, 0, NULL, 0, NULL);
}

static VkResult need_pool(struct fr_vk_picture *p)
{
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                          .queueFamilyIndex = p->device->copy_family};
    if (p->pool)
        return VK_SUCCESS;
    const VkResult result = p->device->vk.CreateCommandPool(p->device->device, &pool, NULL, &p->pool);
    if (result != VK_SUCCESS)
        p->pool = VK_NULL_HANDLE;
    return result;
}

/* What was recorded before an export may be under way still, and stays in the pool. */
static VkResult need_copy(struct fr_vk_picture *p)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    if (p->copy && p->copy_exported == p->exported)
        return VK_SUCCESS;
    VkResult result = need_pool(p);
    if (result != VK_SUCCESS)
        return result;
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = p->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    VkCommandBuffer command;
    p->copy = NULL;
    result = vk->AllocateCommandBuffers(p->device->device, &allocate, &command);
    if (result != VK_SUCCESS)
        return result;
    fr_vk_device_adopt(p->device, command);
    result = vk->BeginCommandBuffer(command, &begin);
    if (result != VK_SUCCESS)
        return result;
    record_copy(p, command);
    result = vk->EndCommandBuffer(command);
    p->copy = result == VK_SUCCESS ? command : NULL;
    p->copy_exported = p->exported;
    return result;
}

VkResult fr_vk_picture_submit_copy(struct fr_vk_picture *p)
{
    struct fr_vk_device *device = p->device;
    VkResult result = need_copy(p);
    if (result != VK_SUCCESS)
        return result;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const uint64_t value = device->copies + 1;
    const VkTimelineSemaphoreSubmitInfo timelines = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &p->value,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timelines,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &device->progress,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &p->copy,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &device->copied,
    };
    result = device->vk.QueueSubmit(device->copy_queue, 1, &info, VK_NULL_HANDLE);
    if (result != VK_SUCCESS)
        return result;
    device->copies = p->staged_value = value;
    p->staged = true;
    return VK_SUCCESS;
}

/* Tens of milliseconds for a large picture, in which conversions go on. A failure leaves no half-made staging
 * behind. */
static VkResult need_staging(struct fr_vk_picture *p)
{
    VkResult result = VK_SUCCESS;
    (void)pthread_mutex_lock(&p->device->mapping);
    if (!p->direct && !p->mapped)
        result = make_staging(p);
    if (result != VK_SUCCESS)
        fr_vk_picture_finish_map(p);
    (void)pthread_mutex_unlock(&p->device->mapping);
    return result;
}

/* Under the lock. *value: what progress must reach, or `copied` where the memory is not mapped itself. */
static VkResult want(struct fr_vk_picture *p, uint64_t *value)
{
    VkResult result = VK_SUCCESS;
    if (p->direct) {
        if (!p->mapped)
            result = map(p, p->memory);
        *value = p->value;
        return result;
    }
    if (!p->staged)
        result = fr_vk_picture_submit_copy(p);
    p->wanted = result == VK_SUCCESS;
    *value = p->staged_value;
    return result;
}

fr_status fr_vk_picture_map(const struct fr_picture *picture, struct fr_picture *out)
{
    struct fr_vk_picture *p = picture->object;
    struct fr_vk_device *device = p->device;
    if (fr_vk_device_is_lost(device))
        return FR_ERR_DEVICE_LOST;
    uint64_t value = 0;
    VkResult result = need_staging(p);
    fr_vk_device_lock(device);
    if (result == VK_SUCCESS)
        result = want(p, &value);
    fr_vk_device_unlock(device);
    if (result != VK_SUCCESS)
        return fr_vk_device_status(device, result);
    const fr_status status = p->direct ? fr_vk_device_wait(device, value, FR_VK_GPU_WAIT_NS)
                                       : fr_vk_device_wait_copied(device, value, FR_VK_GPU_WAIT_NS);
    if (status != FR_OK)
        return status;
    const uint32_t type = p->direct ? p->memory_type : p->staging_type;
    const VkMappedMemoryRange range = {.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
                                       .memory = p->direct ? p->memory : p->staging_memory,
                                       .size = VK_WHOLE_SIZE};
    if (!(flags_of(device, type) & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) {
        const VkResult invalid = device->vk.InvalidateMappedMemoryRanges(device->device, 1, &range);
        if (invalid != VK_SUCCESS)
            return fr_vk_device_status(device, invalid);
    }
    uint8_t *const bytes = p->mapped;
    *out = (struct fr_picture){
        .plane = {bytes + p->offset_bytes[0], bytes + p->offset_bytes[1]},
        .pitch_bytes = {(size_t)p->pitch_bytes[0], (size_t)p->pitch_bytes[1]},
    };
    return FR_OK;
}
