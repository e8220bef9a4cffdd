/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "wishes.h"

#include "settings.h"

#include <framering/vulkan.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_in(const char *const *names, uint32_t num, const char *name)
{
    for (uint32_t i = 0; i < num; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

static bool has(const VkExtensionProperties *there, uint32_t num, const char *name)
{
    for (uint32_t i = 0; i < num; i++)
        if (!strcmp(there[i].extensionName, name))
            return true;
    return false;
}

/* NULL: none, or out of memory. */
static VkExtensionProperties *list_extensions(const fr_layer_instance *instance, VkPhysicalDevice device,
                                              uint32_t *num)
{
    *num = 0;
    if (instance->vk.EnumerateDeviceExtensionProperties(device, NULL, num, NULL) != VK_SUCCESS || !*num)
        return NULL;
    VkExtensionProperties *there = calloc(*num, sizeof(*there));
    if (there && instance->vk.EnumerateDeviceExtensionProperties(device, NULL, num, there) < 0) {
        free(there);
        there = NULL;
    }
    return there;
}

static uint32_t num_wanted(void)
{
    uint32_t num = 0;
    for (const char *const *name = fr_vulkan_source_extensions(); name && *name; name++)
        num++;
    return num;
}

static bool add_extensions(fr_layer_wishes *wishes, const fr_layer_instance *instance,
                           VkPhysicalDevice device)
{
    const uint32_t own = wishes->info.enabledExtensionCount;
    wishes->extensions = calloc(own + num_wanted() + 1, sizeof(*wishes->extensions));
    if (!wishes->extensions)
        return false;
    for (uint32_t i = 0; i < own; i++)
        wishes->extensions[i] = wishes->info.ppEnabledExtensionNames[i];
    uint32_t num = own, num_there;
    VkExtensionProperties *there = list_extensions(instance, device, &num_there);
    const bool able = there && instance->api_version >= VK_API_VERSION_1_1;
    for (const char *const *name = fr_vulkan_source_extensions(); able && name && *name; name++)
        if (has(there, num_there, *name) && !is_in(wishes->extensions, num, *name))
            wishes->extensions[num++] = *name;
    free(there);
    wishes->info.enabledExtensionCount = num;
    wishes->info.ppEnabledExtensionNames = wishes->extensions;
    return true;
}

/* A store that fails where a plain one would end the program: the structures may lie in constants. */
static bool store(VkBool32 *to, VkBool32 value)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    const bool stored = write(ends[1], &value, sizeof(value)) == sizeof(value) &&
                        read(ends[0], to, sizeof(value)) == sizeof(value);
    close(ends[0]);
    close(ends[1]);
    return stored;
}

/* The program's own switch; *noted is set if it has to be turned off again. */
static bool turn_on(VkBool32 *program, VkBool32 **noted)
{
    if (*program)
        return true;
    if (!store(program, VK_TRUE))
        return false;
    *noted = program;
    return true;
}

/* With it, a shader copies on queues that draw as well, which some devices do much faster. */
static void add_storage(fr_layer_wishes *wishes, const fr_layer_instance *instance, VkPhysicalDevice device)
{
    VkPhysicalDeviceFeatures there;
    instance->vk.GetPhysicalDeviceFeatures(device, &there);
    if (!there.shaderStorageImageWriteWithoutFormat)
        return;
    for (VkBaseOutStructure *at = (VkBaseOutStructure *)(uintptr_t)wishes->info.pNext; at; at = at->pNext) {
        if (at->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2)
            continue;
        VkPhysicalDeviceFeatures2 *program = (VkPhysicalDeviceFeatures2 *)(void *)at;
        wishes->storage_image_write_without_format =
            turn_on(&program->features.shaderStorageImageWriteWithoutFormat, &wishes->switched[1]);
        return;
    }
    if (wishes->info.pEnabledFeatures)
        wishes->features = *wishes->info.pEnabledFeatures;
    wishes->features.shaderStorageImageWriteWithoutFormat = VK_TRUE;
    wishes->info.pEnabledFeatures = &wishes->features;
    wishes->storage_image_write_without_format = true;
}

/* The program's own switch for timeline semaphores; NULL: its chain has none. */
static VkBool32 *find_switch(const VkDeviceCreateInfo *info)
{
    for (VkBaseOutStructure *at = (VkBaseOutStructure *)(uintptr_t)info->pNext; at; at = at->pNext) {
        if (at->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES)
            return &((VkPhysicalDeviceVulkan12Features *)(void *)at)->timelineSemaphore;
        if (at->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES)
            return &((VkPhysicalDeviceTimelineSemaphoreFeatures *)(void *)at)->timelineSemaphore;
    }
    return NULL;
}

/* Every device that has the extension, or Vulkan 1.2, has the feature. */
static void add_timelines(fr_layer_wishes *wishes, const fr_layer_instance *instance, VkPhysicalDevice device)
{
    VkPhysicalDeviceProperties properties;
    instance->vk.GetPhysicalDeviceProperties(device, &properties);
    const bool core =
        instance->api_version >= VK_API_VERSION_1_2 && properties.apiVersion >= VK_API_VERSION_1_2;
    if (!core && !is_in(wishes->extensions, wishes->info.enabledExtensionCount,
                        VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
        return;
    VkBool32 *program = find_switch(&wishes->info);
    if (program) {
        wishes->timeline_semaphores = turn_on(program, &wishes->switched[0]);
        return;
    }
    wishes->own = (VkPhysicalDeviceTimelineSemaphoreFeatures){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .pNext = (void *)(uintptr_t)wishes->info.pNext,
        .timelineSemaphore = VK_TRUE,
    };
    wishes->info.pNext = &wishes->own;
    wishes->timeline_semaphores = true;
}

bool fr_layer_wishes_init(fr_layer_wishes *wishes, const fr_layer_instance *instance,
                          VkPhysicalDevice physical_device, const VkDeviceCreateInfo *info)
{
    *wishes = (fr_layer_wishes){.info = *info};
    if (fr_layer_settings_get()->memory_only)
        return true;
    if (!add_extensions(wishes, instance, physical_device))
        return false;
    add_timelines(wishes, instance, physical_device);
    add_storage(wishes, instance, physical_device);
    return true;
}

void fr_layer_wishes_finish(fr_layer_wishes *wishes)
{
    for (int i = 0; i < 2; i++) {
        if (wishes->switched[i])
            (void)store(wishes->switched[i], VK_FALSE);
        wishes->switched[i] = NULL;
    }
}
