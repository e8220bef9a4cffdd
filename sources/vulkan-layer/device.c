/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "feed.h"
#include "objects.h"
#include "wishes.h"

#include <stdlib.h>
#include <string.h>

static VkLayerDeviceCreateInfo *find(const VkDeviceCreateInfo *info, VkLayerFunction function)
{
    VkLayerDeviceCreateInfo *at = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext;
    while (at && !(at->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO && at->function == function))
        at = (VkLayerDeviceCreateInfo *)(uintptr_t)at->pNext;
    return at;
}

static bool is_several(const VkDeviceCreateInfo *info)
{
    for (const VkBaseInStructure *at = info->pNext; at; at = at->pNext)
        if (at->sType == VK_STRUCTURE_TYPE_DEVICE_GROUP_DEVICE_CREATE_INFO)
            return ((const VkDeviceGroupDeviceCreateInfo *)(const void *)at)->physicalDeviceCount > 1;
    return false;
}

static void destroy(fr_layer_device *device)
{
    for (uint32_t i = 0; i < device->num_extensions; i++)
        free((void *)(uintptr_t)device->extensions[i]);
    free(device->extensions);
    fr_layer_queue *queue = atomic_load_explicit(&device->queues, memory_order_acquire);
    while (queue) {
        fr_layer_queue *next = queue->next;
        pthread_mutex_destroy(&queue->mutex);
        free(queue);
        queue = next;
    }
    free(device);
}

/* Copies the names: the program's live no longer than the call. */
static bool keep_extensions(fr_layer_device *device, const VkDeviceCreateInfo *info)
{
    device->extensions = calloc(info->enabledExtensionCount + 1, sizeof(*device->extensions));
    if (!device->extensions)
        return false;
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        const size_t bytes = strlen(info->ppEnabledExtensionNames[i]) + 1;
        char *name = malloc(bytes);
        if (!name)
            return false;
        memcpy(name, info->ppEnabledExtensionNames[i], bytes);
        device->extensions[device->num_extensions++] = name;
    }
    return true;
}

/* With what we wish for, else exactly as the program asked. */
static VkResult create_below(PFN_vkCreateDevice create, VkLayerDeviceCreateInfo *link,
                             fr_layer_device *device, const VkDeviceCreateInfo *info,
                             const VkAllocationCallbacks *allocator, VkDevice *out)
{
    VkLayerDeviceLink *below = link->u.pLayerInfo->pNext;
    fr_layer_wishes wishes;
    VkResult result = VK_ERROR_INITIALIZATION_FAILED;
    link->u.pLayerInfo = below;
    if (fr_layer_wishes_init(&wishes, device->instance, device->physical_device, info)) {
        result = create(device->physical_device, &wishes.info, allocator, out);
        fr_layer_wishes_finish(&wishes);
        device->timeline_semaphores = wishes.timeline_semaphores;
        device->storage_image_write_without_format = wishes.storage_image_write_without_format;
        if (result == VK_SUCCESS && !keep_extensions(device, &wishes.info))
            fr_layer_device_set_unfit(device);
        free(wishes.extensions);
    }
    if (result == VK_SUCCESS)
        return result;
    device->timeline_semaphores = device->storage_image_write_without_format = false;
    link->u.pLayerInfo = below; /* the layers below have moved it on */
    result = create(device->physical_device, info, allocator, out);
    if (result == VK_SUCCESS && !keep_extensions(device, info))
        fr_layer_device_set_unfit(device);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateDevice(VkPhysicalDevice physical_device,
                                                     const VkDeviceCreateInfo *info,
                                                     const VkAllocationCallbacks *allocator, VkDevice *out)
{
    fr_layer_instance *instance = fr_layer_instance_of(physical_device);
    VkLayerDeviceCreateInfo *link = find(info, VK_LAYER_LINK_INFO);
    const VkLayerDeviceCreateInfo *data = find(info, VK_LOADER_DATA_CALLBACK);
    if (!instance || !link)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkGetDeviceProcAddr get = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    const PFN_vkCreateDevice create = (PFN_vkCreateDevice)link->u.pLayerInfo->pfnNextGetInstanceProcAddr(
        instance->handle, "vkCreateDevice");
    fr_layer_device *device = create ? calloc(1, sizeof(*device)) : NULL;
    if (!device)
        return create ? VK_ERROR_OUT_OF_HOST_MEMORY : VK_ERROR_INITIALIZATION_FAILED;
    device->instance = instance;
    device->physical_device = physical_device;
    device->get = get;
    device->adopt = data ? data->u.pfnSetDeviceLoaderData : NULL;
    if (is_several(info))
        fr_layer_device_set_unfit(device);
    const VkResult result = create_below(create, link, device, info, allocator, out);
    if (result != VK_SUCCESS) {
        destroy(device);
        return result;
    }
    device->handle = *out;
    device->key = fr_layer_key(*out);
    fr_layer_device_load(device);
    instance->vk.GetPhysicalDeviceMemoryProperties(physical_device, &device->memory);
    fr_layer_device_add(device);
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fr_layer_DestroyDevice(VkDevice handle, const VkAllocationCallbacks *allocator)
{
    if (!handle)
        return;
    fr_layer_device *device = fr_layer_device_remove(handle);
    if (!device)
        return;
    fr_layer_feed_end(device);
    device->vk.DestroyDevice(handle, allocator);
    destroy(device);
}
