/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/api.h"

#include "common/log.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

/* One loader for the process, as for its other users; never closed, since drivers do not like that. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static PFN_vkGetInstanceProcAddr loaders;
static char reason[256];

static void open_loader(void)
{
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    void *entry = library ? dlsym(library, "vkGetInstanceProcAddr") : NULL;
    if (entry) {
        /* POSIX' way around the missing conversion. */
        *(void **)&loaders = entry;
        return;
    }
    const char *error = dlerror();
    snprintf(reason, sizeof(reason), "%s", error ? error : "it has no vkGetInstanceProcAddr");
}

PFN_vkGetInstanceProcAddr fr_vk_loader(const fr_log *log)
{
    (void)pthread_once(&once, open_loader);
    if (!loaders)
        fr_log_write(log, FR_LOG_WARNING, "there is no Vulkan loader: %s; the package libvulkan1 has it",
                     reason);
    return loaders;
}

const char *fr_vk_loader_fault(void)
{
    return reason;
}

struct finder {
    PFN_vkGetInstanceProcAddr instance_get;
    VkInstance instance;
    PFN_vkGetDeviceProcAddr device_get;
    VkDevice device;
};

static PFN_vkVoidFunction find_exactly(const struct finder *finder, const char *name)
{
    return finder->device_get ? finder->device_get(finder->device, name)
                              : finder->instance_get(finder->instance, name);
}

/* What a version made core has, in one that is older, the name of the extension that it was. */
static PFN_vkVoidFunction find(const struct finder *finder, const char *name)
{
    char extended[96];
    PFN_vkVoidFunction found = find_exactly(finder, name);
    if (found)
        return found;
    snprintf(extended, sizeof(extended), "%sKHR", name);
    return find_exactly(finder, extended);
}

#define FIND(name) vk->name = (PFN_vk##name)find(&finder, "vk" #name);
#define FIND_ALL(name)                                                                                       \
    FIND(name)                                                                                               \
    all = all && vk->name;

bool fr_vk_load_instance(struct fr_vk_functions *vk, PFN_vkGetInstanceProcAddr get, VkInstance instance)
{
    const struct finder finder = {.instance_get = get, .instance = instance};
    bool all = true;
    FR_VK_INSTANCE_FUNCTIONS(FIND_ALL)
    return all;
}

bool fr_vk_load_device(struct fr_vk_functions *vk, PFN_vkGetDeviceProcAddr get, VkDevice device)
{
    const struct finder finder = {.device_get = get ? get : vk->GetDeviceProcAddr, .device = device};
    bool all = true;
    FR_VK_DEVICE_FUNCTIONS(FIND_ALL)
    FR_VK_OPTIONAL_FUNCTIONS(FIND)
    return all;
}

struct result_name {
    VkResult result;
    const char *name;
};

static const struct result_name names[] = {
    {VK_SUCCESS, "VK_SUCCESS"},
    {VK_NOT_READY, "VK_NOT_READY"},
    {VK_TIMEOUT, "VK_TIMEOUT"},
    {VK_INCOMPLETE, "VK_INCOMPLETE"},
    {VK_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY"},
    {VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY"},
    {VK_ERROR_INITIALIZATION_FAILED, "VK_ERROR_INITIALIZATION_FAILED"},
    {VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST"},
    {VK_ERROR_MEMORY_MAP_FAILED, "VK_ERROR_MEMORY_MAP_FAILED"},
    {VK_ERROR_LAYER_NOT_PRESENT, "VK_ERROR_LAYER_NOT_PRESENT"},
    {VK_ERROR_EXTENSION_NOT_PRESENT, "VK_ERROR_EXTENSION_NOT_PRESENT"},
    {VK_ERROR_FEATURE_NOT_PRESENT, "VK_ERROR_FEATURE_NOT_PRESENT"},
    {VK_ERROR_INCOMPATIBLE_DRIVER, "VK_ERROR_INCOMPATIBLE_DRIVER"},
    {VK_ERROR_TOO_MANY_OBJECTS, "VK_ERROR_TOO_MANY_OBJECTS"},
    {VK_ERROR_FORMAT_NOT_SUPPORTED, "VK_ERROR_FORMAT_NOT_SUPPORTED"},
    {VK_ERROR_FRAGMENTED_POOL, "VK_ERROR_FRAGMENTED_POOL"},
    {VK_ERROR_UNKNOWN, "VK_ERROR_UNKNOWN"},
    {VK_ERROR_OUT_OF_POOL_MEMORY, "VK_ERROR_OUT_OF_POOL_MEMORY"},
    {VK_ERROR_INVALID_EXTERNAL_HANDLE, "VK_ERROR_INVALID_EXTERNAL_HANDLE"},
    {VK_ERROR_FRAGMENTATION, "VK_ERROR_FRAGMENTATION"},
    {VK_ERROR_NOT_PERMITTED_KHR, "VK_ERROR_NOT_PERMITTED"},
    {VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT,
     "VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT"},
};

const char *fr_vk_result_name(VkResult result)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].result == result)
            return names[i].name;
    return "?";
}
