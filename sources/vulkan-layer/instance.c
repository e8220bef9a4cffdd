/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <stdlib.h>

static VkLayerInstanceCreateInfo *link_of(const VkInstanceCreateInfo *info)
{
    VkLayerInstanceCreateInfo *at = (VkLayerInstanceCreateInfo *)(uintptr_t)info->pNext;
    while (at && !(at->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
                   at->function == VK_LAYER_LINK_INFO))
        at = (VkLayerInstanceCreateInfo *)(uintptr_t)at->pNext;
    return at;
}

/* Sharing with another process needs the questions of Vulkan 1.1; a program of 1.0 keeps its own behaviour
 * with them. A driver that knows 1.0 only refuses, and is asked again as the program asked. */
static VkResult create_below(PFN_vkCreateInstance create, VkLayerInstanceCreateInfo *link,
                             const VkInstanceCreateInfo *info, const VkAllocationCallbacks *allocator,
                             VkInstance *out, uint32_t *api_version)
{
    VkLayerInstanceLink *below = link->u.pLayerInfo->pNext;
    VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO};
    if (info->pApplicationInfo)
        application = *info->pApplicationInfo;
    const uint32_t wanted = application.apiVersion ? application.apiVersion : VK_API_VERSION_1_0;
    *api_version = wanted;
    link->u.pLayerInfo = below;
    if (wanted >= VK_API_VERSION_1_1)
        return create(info, allocator, out);
    VkInstanceCreateInfo raised = *info;
    application.apiVersion = *api_version = VK_API_VERSION_1_1;
    raised.pApplicationInfo = &application;
    const VkResult result = create(&raised, allocator, out);
    if (result != VK_ERROR_INCOMPATIBLE_DRIVER)
        return result;
    *api_version = wanted;
    link->u.pLayerInfo = below; /* the layers below have moved it on */
    return create(info, allocator, out);
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateInstance(const VkInstanceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkInstance *out)
{
    VkLayerInstanceCreateInfo *link = link_of(info);
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkGetInstanceProcAddr get = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)get(NULL, "vkCreateInstance");
    if (!create)
        return VK_ERROR_INITIALIZATION_FAILED;
    fr_layer_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    const VkResult result = create_below(create, link, info, allocator, out, &instance->api_version);
    if (result != VK_SUCCESS) {
        free(instance);
        return result;
    }
    instance->handle = *out;
    instance->key = fr_layer_key(*out);
    instance->get = get;
    fr_layer_instance_load(instance);
    fr_layer_instance_add(instance);
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL fr_layer_DestroyInstance(VkInstance handle, const VkAllocationCallbacks *allocator)
{
    if (!handle)
        return;
    fr_layer_instance *instance = fr_layer_instance_remove(handle);
    if (!instance)
        return;
    instance->vk.DestroyInstance(handle, allocator);
    free(instance);
}
