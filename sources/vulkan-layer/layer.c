/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Where the loader comes in: which of the program's functions this layer stands in for. */
#include "objects.h"

#include <string.h>

struct entry {
    const char *name;
    PFN_vkVoidFunction function;
};

VK_LAYER_EXPORT VKAPI_ATTR VkResult VKAPI_CALL
fr_layer_negotiate(VkNegotiateLayerInterface *interface) __asm__("vkNegotiateLoaderLayerInterfaceVersion");

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance instance, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice device, const char *name);

#define ENTRY(name)                                                                                          \
    {                                                                                                        \
        "vk" #name, (PFN_vkVoidFunction)fr_layer_##name                                                      \
    }

static const struct entry instance_entries[] = {
    {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance},
    ENTRY(CreateInstance),
    ENTRY(DestroyInstance),
    ENTRY(CreateDevice),
};

static const struct entry device_entries[] = {
    {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device},
    ENTRY(DestroyDevice),
    ENTRY(GetDeviceQueue),
    ENTRY(GetDeviceQueue2),
    ENTRY(DeviceWaitIdle),
    ENTRY(QueueSubmit),
    ENTRY(QueueSubmit2),
    ENTRY(QueueSubmit2KHR),
    ENTRY(QueueBindSparse),
    ENTRY(QueueWaitIdle),
    ENTRY(QueueBeginDebugUtilsLabelEXT),
    ENTRY(QueueEndDebugUtilsLabelEXT),
    ENTRY(QueueInsertDebugUtilsLabelEXT),
    ENTRY(CreateSwapchainKHR),
    ENTRY(DestroySwapchainKHR),
    ENTRY(SetHdrMetadataEXT),
    ENTRY(QueuePresentKHR),
};

static PFN_vkVoidFunction find(const struct entry *entries, size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}

static PFN_vkVoidFunction find_device(const char *name)
{
    return find(device_entries, sizeof(device_entries) / sizeof(device_entries[0]), name);
}

/* A function that is not there below is not there above. */
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name)
{
    const fr_layer_device *device = fr_layer_device_of(handle);
    const PFN_vkVoidFunction below = device ? device->get(handle, name) : NULL;
    const PFN_vkVoidFunction own = find_device(name);
    return own && below ? own : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name)
{
    const PFN_vkVoidFunction own =
        find(instance_entries, sizeof(instance_entries) / sizeof(instance_entries[0]), name);
    if (own || !handle)
        return own;
    const fr_layer_instance *instance = fr_layer_instance_of(handle);
    const PFN_vkVoidFunction below = instance ? instance->get(handle, name) : NULL;
    const PFN_vkVoidFunction of_device = find_device(name);
    return of_device && below ? of_device : below;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_negotiate(VkNegotiateLayerInterface *interface)
{
    if (interface->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT || interface->loaderLayerInterfaceVersion < 2)
        return VK_ERROR_INITIALIZATION_FAILED;
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_instance;
    interface->pfnGetDeviceProcAddr = get_device;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
