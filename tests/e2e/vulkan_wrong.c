/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * VK_LAYER_FRAMERING_wrong: a layer for tests, above the validation layer. Where the program is called as
 * WRONG_PROGRAM says, it breaks a rule of Vulkan at the WRONG_SUBMIT-th submission, by a call that any driver
 * takes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

/* One chain of layers, whatever is made of it: what comes next is the same for all. */
static struct {
    VkInstance instance;
    VkPhysicalDevice physical_device;
    PFN_vkGetInstanceProcAddr get_of_instance;
    PFN_vkGetDeviceProcAddr get_of_device;
    PFN_vkQueueSubmit submit;
} next;

static atomic_long submissions;

static void break_a_rule(void)
{
    VkPhysicalDeviceProperties2 without_type = {0};
    const PFN_vkGetPhysicalDeviceProperties2 ask = (PFN_vkGetPhysicalDeviceProperties2)next.get_of_instance(
        next.instance, "vkGetPhysicalDeviceProperties2");
    ask(next.physical_device, &without_type);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_QueueSubmit(VkQueue queue, uint32_t num, const VkSubmitInfo *infos,
                                                      VkFence fence)
{
    const char *program = getenv("WRONG_PROGRAM"), *when = getenv("WRONG_SUBMIT");
    if (program && when && !strcmp(program, program_invocation_short_name) &&
        atomic_fetch_add(&submissions, 1) + 1 == strtol(when, NULL, 10))
        break_a_rule();
    return next.submit(queue, num, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateInstance(const VkInstanceCreateInfo *info,
                                                         const VkAllocationCallbacks *allocator,
                                                         VkInstance *out)
{
    VkLayerInstanceCreateInfo *link = (VkLayerInstanceCreateInfo *)(uintptr_t)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO &&
                     link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerInstanceCreateInfo *)(uintptr_t)link->pNext;
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    next.get_of_instance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)next.get_of_instance(NULL, "vkCreateInstance");
    const VkResult result = create(info, allocator, out);
    if (result == VK_SUCCESS)
        next.instance = *out;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateDevice(VkPhysicalDevice physical_device,
                                                       const VkDeviceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator, VkDevice *out)
{
    VkLayerDeviceCreateInfo *link = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext;
    while (link && !(link->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO &&
                     link->function == VK_LAYER_LINK_INFO))
        link = (VkLayerDeviceCreateInfo *)(uintptr_t)link->pNext;
    if (!link)
        return VK_ERROR_INITIALIZATION_FAILED;
    next.physical_device = physical_device;
    next.get_of_device = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    const PFN_vkCreateDevice create =
        (PFN_vkCreateDevice)next.get_of_instance(next.instance, "vkCreateDevice");
    const VkResult result = create(physical_device, info, allocator, out);
    if (result == VK_SUCCESS)
        next.submit = (PFN_vkQueueSubmit)next.get_of_device(*out, "vkQueueSubmit");
    return result;
}

/* ---- the loader's side ---- */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_instance(VkInstance handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_device(VkDevice handle, const char *name);

static PFN_vkVoidFunction find(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } entries[] = {
        {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_of_instance},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_of_device},
        {"vkCreateInstance", (PFN_vkVoidFunction)own_CreateInstance},
        {"vkCreateDevice", (PFN_vkVoidFunction)own_CreateDevice},
        {"vkQueueSubmit", (PFN_vkVoidFunction)own_QueueSubmit},
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_instance(VkInstance handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own || !handle ? own : next.get_of_instance(handle, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_device(VkDevice handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own ? own : next.get_of_device(handle, name);
}

VK_LAYER_EXPORT VKAPI_ATTR VkResult VKAPI_CALL
wrong_negotiate(VkNegotiateLayerInterface *interface) __asm__("vkNegotiateLoaderLayerInterfaceVersion");

VKAPI_ATTR VkResult VKAPI_CALL wrong_negotiate(VkNegotiateLayerInterface *interface)
{
    interface->loaderLayerInterfaceVersion = 2;
    interface->pfnGetInstanceProcAddr = get_of_instance;
    interface->pfnGetDeviceProcAddr = get_of_device;
    interface->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
