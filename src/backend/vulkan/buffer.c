/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/memory.h"

static VkResult make_buffer(const struct fr_vk_device *device, VkDeviceSize bytes, VkBufferUsageFlags usage,
                            const void *external, struct fr_vk_buffer *out)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = external,
        .size = bytes,
        .usage = usage,
    };
    *out = (struct fr_vk_buffer){.bytes = bytes};
    const VkResult result = device->vk.CreateBuffer(device->device, &info, NULL, &out->buffer);
    if (result != VK_SUCCESS)
        out->buffer = VK_NULL_HANDLE;
    return result;
}

static VkMemoryRequirements needs_of(const struct fr_vk_device *device, VkBuffer buffer)
{
    VkMemoryRequirements2 wanted = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    const VkBufferMemoryRequirementsInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2, .buffer = buffer};
    device->vk.GetBufferMemoryRequirements2(device->device, &info, &wanted);
    return wanted.memoryRequirements;
}

static VkResult give_memory(const struct fr_vk_device *device, VkDeviceSize bytes, uint32_t type,
                            const void *how, struct fr_vk_buffer *out)
{
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = how,
        .allocationSize = bytes,
        .memoryTypeIndex = type,
    };
    if (type == UINT32_MAX || bytes > device->max_allocation_bytes)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    const VkResult result = device->vk.AllocateMemory(device->device, &info, NULL, &out->memory);
    if (result != VK_SUCCESS) {
        out->memory = VK_NULL_HANDLE;
        return result;
    }
    return device->vk.BindBufferMemory(device->device, out->buffer, out->memory, 0);
}

VkResult fr_vk_buffer_create(const struct fr_vk_device *device, VkDeviceSize bytes, VkBufferUsageFlags usage,
                             VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags preferred,
                             struct fr_vk_buffer *out)
{
    VkResult result = make_buffer(device, bytes, usage, NULL, out);
    if (result == VK_SUCCESS) {
        const VkMemoryRequirements needs = needs_of(device, out->buffer);
        result = give_memory(device, needs.size,
                             fr_vk_memory_type(device, needs.memoryTypeBits, wanted, preferred), NULL, out);
    }
    if (result == VK_SUCCESS && (wanted & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT))
        result = device->vk.MapMemory(device->device, out->memory, 0, VK_WHOLE_SIZE, 0, &out->mapped);
    if (result != VK_SUCCESS)
        fr_vk_buffer_destroy(device, out);
    return result;
}

VkResult fr_vk_buffer_import(const struct fr_vk_device *device, void *ptr, VkDeviceSize bytes,
                             struct fr_vk_buffer *out)
{
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    const VkImportMemoryHostPointerInfoEXT how = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
        .pHostPointer = ptr,
    };
    VkMemoryHostPointerPropertiesEXT allowed = {.sType =
                                                    VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
    VkResult result =
        device->vk.GetMemoryHostPointerPropertiesEXT(device->device, how.handleType, ptr, &allowed);
    *out = (struct fr_vk_buffer){.bytes = 0};
    if (result == VK_SUCCESS)
        result = make_buffer(device, bytes, FR_VK_SHARED_BUFFER_USAGE, &external, out);
    if (result == VK_SUCCESS) {
        const VkMemoryRequirements needs = needs_of(device, out->buffer);
        /* Nobody flushes what another process writes there. */
        const uint32_t type =
            fr_vk_memory_type(device, needs.memoryTypeBits & allowed.memoryTypeBits,
                              VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
        result = needs.size <= bytes ? give_memory(device, bytes, type, &how, out)
                                     : VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    if (result != VK_SUCCESS)
        fr_vk_buffer_destroy(device, out);
    return result;
}

void fr_vk_buffer_destroy(const struct fr_vk_device *device, struct fr_vk_buffer *buffer)
{
    if (buffer->mapped)
        device->vk.UnmapMemory(device->device, buffer->memory);
    if (buffer->buffer)
        device->vk.DestroyBuffer(device->device, buffer->buffer, NULL);
    if (buffer->memory)
        device->vk.FreeMemory(device->device, buffer->memory, NULL);
    *buffer = (struct fr_vk_buffer){.bytes = 0};
}
