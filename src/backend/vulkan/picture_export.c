/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures for other APIs. What is not this device's reads the memory for as long as it has it: from the
 * first export on each conversion ends by giving the picture away. */
#include "backend/vulkan/picture.h"

#include "backend/vulkan/memory.h"

/* FOREIGN is whoever has a DMA-BUF, the device's own queues among them. */
static uint32_t outside_family(const struct fr_vk_picture *p)
{
    return (p->handle_types & VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT) && p->device->foreign
               ? VK_QUEUE_FAMILY_FOREIGN_EXT
               : VK_QUEUE_FAMILY_EXTERNAL;
}

static VkBufferMemoryBarrier change(const struct fr_vk_picture *p, uint32_t from, uint32_t to)
{
    return (VkBufferMemoryBarrier){
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
        .srcQueueFamilyIndex = from,
        .dstQueueFamilyIndex = to,
        .buffer = p->buffer,
        .size = VK_WHOLE_SIZE,
    };
}

/* Conversions and copies may be those of two families, which have a buffer together. */
static uint32_t own_family(const struct fr_vk_picture *p)
{
    return p->device->family == p->device->copy_family ? p->device->family : VK_QUEUE_FAMILY_IGNORED;
}

void fr_vk_picture_record_take(const struct fr_vk_picture *p, VkCommandBuffer command,
                               VkPipelineStageFlags stage, VkAccessFlags access)
{
    VkBufferMemoryBarrier barrier = change(p, outside_family(p), own_family(p));
    barrier.dstAccessMask = access;
    if (p->exported)
        p->device->vk.CmdPipelineBarrier(command, stage, stage, 0, 0, NULL, 1, &barrier, 0, NULL);
}

void fr_vk_picture_record_give(const struct fr_vk_picture *p, VkCommandBuffer command,
                               VkPipelineStageFlags stage, VkAccessFlags access)
{
    VkBufferMemoryBarrier barrier = change(p, own_family(p), outside_family(p));
    barrier.srcAccessMask = access;
    if (p->exported)
        p->device->vk.CmdPipelineBarrier(command, stage, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 1,
                                         &barrier, 0, NULL);
}

static void record_give(const void *what, VkCommandBuffer command)
{
    fr_vk_picture_record_give(what, command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                              VK_ACCESS_SHADER_WRITE_BIT);
}

/* What was recorded for it before does not give it away: it counts as another picture. */
static VkResult leave(struct fr_vk_picture *p)
{
    const struct fr_vk_once once = {record_give, p};
    const uint64_t serial = fr_vk_device_serial(p->device);
    VkResult result = VK_SUCCESS;
    fr_vk_device_lock(p->device);
    if (!p->exported) {
        p->exported = true;
        if (p->value)
            result = fr_vk_submit_once(p->device, &once, &p->leaving, &p->value);
        p->exported = result == VK_SUCCESS;
        p->serial = serial;
    }
    fr_vk_device_unlock(p->device);
    return result;
}

fr_status fr_vk_picture_export(const struct fr_picture *picture, fr_vulkan_handle_kind kind, int *out)
{
    struct fr_vk_picture *const p = picture->object;
    struct fr_vk_device *device = p->device;
    *out = -1;
    const VkExternalMemoryHandleTypeFlagBits type = kind == FR_VULKAN_HANDLE_DMA_BUF
                                                        ? VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
                                                        : VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    if (!(p->handle_types & type))
        return FR_ERR_UNSUPPORTED;
    if (fr_vk_device_is_lost(device))
        return FR_ERR_DEVICE_LOST;
    VkResult result = leave(p);
    if (result != VK_SUCCESS)
        return fr_vk_device_status(device, result);
    const fr_status status = fr_vk_picture_wait(picture);
    if (status != FR_OK)
        return status;
    result = fr_vk_memory_export(device, p->memory, type, out);
    if (result == VK_ERROR_INVALID_EXTERNAL_HANDLE)
        return FR_ERR_UNSUPPORTED;
    return result == VK_SUCCESS ? FR_OK : fr_vk_device_status(device, result);
}
