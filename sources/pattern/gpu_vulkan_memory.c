/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu_vulkan.h"

/* False: there is no such type. */
static bool find_type(const fr_gpu_vulkan *vk, uint32_t allowed, VkMemoryPropertyFlags wanted,
                      uint32_t *index)
{
    for (uint32_t i = 0; i < vk->memory.memoryTypeCount; i++)
        if (allowed & 1u << i && (vk->memory.memoryTypes[i].propertyFlags & wanted) == wanted) {
            *index = i;
            return true;
        }
    return false;
}

static VkResult allocate(const fr_gpu_vulkan *vk, VkDeviceSize bytes, uint32_t type, VkDeviceMemory *memory)
{
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = bytes,
        .memoryTypeIndex = type,
    };
    const VkResult result = vk->AllocateMemory(vk->device, &info, NULL, memory);
    if (result != VK_SUCCESS)
        *memory = VK_NULL_HANDLE;
    return result;
}

VkResult fr_gpu_vulkan_buffer(const fr_gpu_vulkan *vk, VkDeviceSize bytes, VkBuffer *buffer,
                              VkDeviceMemory *memory, void **mapped)
{
    const VkMemoryPropertyFlags plain =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = bytes,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult result = vk->CreateBuffer(vk->device, &info, NULL, buffer);
    if (result != VK_SUCCESS) {
        *buffer = VK_NULL_HANDLE;
        return result;
    }
    VkMemoryRequirements needs;
    uint32_t type;
    vk->GetBufferMemoryRequirements(vk->device, *buffer, &needs);
    /* The picture reads what it drew before: cached memory, if there is any. */
    if (!find_type(vk, needs.memoryTypeBits, plain | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, &type) &&
        !find_type(vk, needs.memoryTypeBits, plain, &type))
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    result = allocate(vk, needs.size, type, memory);
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(vk->device, *buffer, *memory, 0);
    return result == VK_SUCCESS ? vk->MapMemory(vk->device, *memory, 0, VK_WHOLE_SIZE, 0, mapped) : result;
}

VkResult fr_gpu_vulkan_image(const fr_gpu_vulkan *vk, VkFormat format, uint32_t width, uint32_t height,
                             VkImage *image, VkDeviceMemory *memory)
{
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = format,
        .extent = {width, height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage =
            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
    VkResult result = vk->CreateImage(vk->device, &info, NULL, image);
    if (result != VK_SUCCESS) {
        *image = VK_NULL_HANDLE;
        return result;
    }
    VkMemoryRequirements needs;
    uint32_t type;
    vk->GetImageMemoryRequirements(vk->device, *image, &needs);
    if (!find_type(vk, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &type))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    result = allocate(vk, needs.size, type, memory);
    return result == VK_SUCCESS ? vk->BindImageMemory(vk->device, *image, *memory, 0) : result;
}
