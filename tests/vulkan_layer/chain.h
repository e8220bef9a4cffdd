/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_VULKAN_LAYER_CHAIN_H
#define FR_TESTS_VULKAN_LAYER_CHAIN_H

/* What every layer of the tests does with the loader. VK_NO_PROTOTYPES. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

/* What comes next, for whoever comes next taken out of `info`; NULL: no loader called. */
static inline PFN_vkGetInstanceProcAddr chain_of_instance(const VkInstanceCreateInfo *info)
{
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)(uintptr_t)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
                     link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerInstanceCreateInfo *)(uintptr_t)link->pNext;
    if (!link)
        return NULL;
    const PFN_vkGetInstanceProcAddr get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    return get;
}

/* The same; *of_instance is the one to make the device with. */
static inline PFN_vkGetDeviceProcAddr chain_of_device(const VkDeviceCreateInfo *info,
                                                      PFN_vkGetInstanceProcAddr *of_instance)
{
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO &&
                     link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerDeviceCreateInfo *)(uintptr_t)link->pNext;
    if (!link)
        return NULL;
    const PFN_vkGetDeviceProcAddr get = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    *of_instance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    return get;
}

struct chain_entry {
    const char *name;
    PFN_vkVoidFunction function;
};

#define CHAIN_ENTRY(entry)                                                                                   \
    {                                                                                                        \
        "vk" #entry, (PFN_vkVoidFunction)own_##entry                                                         \
    }

static inline PFN_vkVoidFunction chain_find(const struct chain_entry *entries, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}

/* The one function that the loader looks for. */
#define CHAIN_NEGOTIATE(get_instance, get_device)                                                            \
    VK_LAYER_EXPORT VKAPI_ATTR VkResult VKAPI_CALL chain_negotiate(                                          \
        VkNegotiateLayerInterface *interface) __asm__("vkNegotiateLoaderLayerInterfaceVersion");             \
    VKAPI_ATTR VkResult VKAPI_CALL chain_negotiate(VkNegotiateLayerInterface *interface)                     \
    {                                                                                                        \
        interface->loaderLayerInterfaceVersion = 2;                                                          \
        interface->pfnGetInstanceProcAddr = (get_instance);                                                  \
        interface->pfnGetDeviceProcAddr = (get_device);                                                      \
        interface->pfnGetPhysicalDeviceProcAddr = NULL;                                                      \
        return VK_SUCCESS;                                                                                   \
    }

#endif
