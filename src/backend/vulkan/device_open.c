/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A host's device is made with what the physical one has, and what is of use. */
#include "backend/vulkan/sync.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

/* What a host's device is made with where it is there. */
static const char *const wanted_extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,      VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,       VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,      VK_KHR_GLOBAL_PRIORITY_EXTENSION_NAME,
    VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME,         VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,    VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME,
};

static bool find_extensions(struct fr_vk_device *device)
{
    uint32_t count = 0;
    const PFN_vkEnumerateDeviceExtensionProperties list = device->vk.EnumerateDeviceExtensionProperties;
    if (list(device->physical, NULL, &count, NULL) != VK_SUCCESS)
        return false;
    VkExtensionProperties *found = calloc(count + 1u, sizeof(*found));
    if (!found)
        return false;
    const VkResult result = list(device->physical, NULL, &count, found);
    for (size_t i = 0; i < sizeof(wanted_extensions) / sizeof(wanted_extensions[0]); i++)
        for (uint32_t j = 0; j < count && result >= 0; j++)
            if (!strcmp(found[j].extensionName, wanted_extensions[i]))
                device->extension[device->num_extensions++] = wanted_extensions[i];
    free(found);
    return result >= 0;
}

static bool has_subgroup_sizes(const struct fr_vk_device *device)
{
    return device->api_version >= VK_API_VERSION_1_3 ||
           fr_vk_device_has(device, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME);
}

/* Those of one size that are whole: both has to be asked for, as a driver may run fewer invocations together
 * than it says, or leave some out. */
static void find_subgroups(struct fr_vk_device *device)
{
    VkPhysicalDeviceSubgroupSizeControlProperties sizes = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES};
    VkPhysicalDeviceSubgroupProperties subgroup = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &sizes};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &subgroup};
    const VkSubgroupFeatureFlags wanted = VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    device->vk.GetPhysicalDeviceProperties2(device->physical, &properties);
    if (!(subgroup.supportedStages & sizes.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) ||
        (subgroup.supportedOperations & wanted) != wanted || subgroup.subgroupSize < sizes.minSubgroupSize ||
        subgroup.subgroupSize > sizes.maxSubgroupSize)
        return;
    device->subgroup_size = subgroup.subgroupSize;
    device->workgroup_subgroups = sizes.maxComputeWorkgroupSubgroups;
}

static bool find_features(struct fr_vk_device *device)
{
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .pNext = has_subgroup_sizes(device) ? &subgroups : NULL};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &timeline};
    if (device->api_version < VK_API_VERSION_1_2 &&
        !fr_vk_device_has(device, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
        return false;
    device->vk.GetPhysicalDeviceFeatures2(device->physical, &features);
    device->writes_any_format = features.features.shaderStorageImageWriteWithoutFormat;
    if (subgroups.subgroupSizeControl && subgroups.computeFullSubgroups)
        find_subgroups(device);
    return timeline.timelineSemaphore;
}

/* One that only computes: it is not held up by what others draw. */
static uint32_t choose_family(const struct fr_vk_device *device)
{
    VkQueueFamilyProperties family[FR_VK_FAMILIES_MAX];
    uint32_t count = FR_VK_FAMILIES_MAX, best = UINT32_MAX;
    device->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical, &count, family);
    for (uint32_t i = count; i-- > 0;) {
        const VkQueueFlags flags = family[i].queueFlags;
        if (!(flags & VK_QUEUE_COMPUTE_BIT))
            continue;
        if (best == UINT32_MAX || !(flags & VK_QUEUE_GRAPHICS_BIT) ||
            (family[best].queueFlags & VK_QUEUE_GRAPHICS_BIT))
            best = i;
    }
    return best;
}

/* One that only copies, which a GPU does beside all else; UINT32_MAX: none. */
static uint32_t find_copy_family(const struct fr_vk_device *device)
{
    VkQueueFamilyProperties family[FR_VK_FAMILIES_MAX];
    const VkQueueFlags allowed = VK_QUEUE_TRANSFER_BIT | VK_QUEUE_SPARSE_BINDING_BIT | VK_QUEUE_PROTECTED_BIT;
    uint32_t count = FR_VK_FAMILIES_MAX;
    device->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical, &count, family);
    for (uint32_t i = 0; i < count; i++)
        if ((family[i].queueFlags & VK_QUEUE_TRANSFER_BIT) && !(family[i].queueFlags & ~allowed))
            return i;
    return UINT32_MAX;
}

static VkResult make_device_once(struct fr_vk_device *device, bool high_priority)
{
    static const float priority = 1.0f;
    const VkDeviceQueueGlobalPriorityCreateInfoKHR first = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_GLOBAL_PRIORITY_CREATE_INFO_KHR,
        .globalPriority = VK_QUEUE_GLOBAL_PRIORITY_HIGH_KHR,
    };
    const uint32_t copies = find_copy_family(device);
    device->copy_family = copies == UINT32_MAX ? device->family : copies;
    const VkDeviceQueueCreateInfo queues[2] = {
        {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
         .pNext = high_priority ? &first : NULL,
         .queueFamilyIndex = device->family,
         .queueCount = 1,
         .pQueuePriorities = &priority},
        {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
         .queueFamilyIndex = device->copy_family,
         .queueCount = 1,
         .pQueuePriorities = &priority},
    };
    VkPhysicalDeviceSubgroupSizeControlFeatures subgroups = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES,
        .subgroupSizeControl = VK_TRUE,
        .computeFullSubgroups = VK_TRUE};
    const VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .pNext = device->subgroup_size ? &subgroups : NULL,
        .timelineSemaphore = VK_TRUE};
    const VkPhysicalDeviceFeatures features = {.shaderStorageImageWriteWithoutFormat =
                                                   device->writes_any_format};
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &timeline,
        .queueCreateInfoCount = device->copy_family == device->family ? 1 : 2,
        .pQueueCreateInfos = queues,
        .enabledExtensionCount = device->num_extensions,
        .ppEnabledExtensionNames = device->extension,
        .pEnabledFeatures = &features,
    };
    const VkResult result = device->vk.CreateDevice(device->physical, &info, NULL, &device->device);
    if (result != VK_SUCCESS)
        device->device = VK_NULL_HANDLE;
    return result;
}

/* A queue that goes first may need a right that this process has not. */
static VkResult make_device_on_family(struct fr_vk_device *device)
{
    if (fr_vk_device_has(device, VK_KHR_GLOBAL_PRIORITY_EXTENSION_NAME) ||
        fr_vk_device_has(device, VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME)) {
        const VkResult result = make_device_once(device, true);
        device->high_priority = result == VK_SUCCESS;
        if (result != VK_ERROR_NOT_PERMITTED_KHR && result != VK_ERROR_INITIALIZATION_FAILED)
            return result;
    }
    return make_device_once(device, false);
}

/* Of the kind of queue that was chosen there may be no more. */
static VkResult make_device(struct fr_vk_device *device)
{
    VkQueueFamilyProperties family[FR_VK_FAMILIES_MAX];
    uint32_t count = FR_VK_FAMILIES_MAX;
    VkResult result = make_device_on_family(device);
    const uint32_t first = device->family;
    device->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical, &count, family);
    for (uint32_t i = 0; i < count && result == VK_ERROR_INITIALIZATION_FAILED; i++) {
        if (i == first || !(family[i].queueFlags & VK_QUEUE_COMPUTE_BIT))
            continue;
        device->family = i;
        device->queue_flags = family[i].queueFlags;
        result = make_device_on_family(device);
    }
    return result;
}

static fr_status make_timelines(struct fr_vk_device *device)
{
    VkResult result = fr_vk_timeline_create(device, 0, &device->progress);
    if (result == VK_SUCCESS)
        result = fr_vk_timeline_create(device, 0, &device->copied);
    return result == VK_SUCCESS ? FR_OK : fr_vk_device_status(device, result);
}

fr_status fr_vk_device_open(struct fr_vk_device *device, const fr_log *log)
{
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    device->vk.GetPhysicalDeviceProperties2(device->physical, &properties);
    device->api_version = properties.properties.apiVersion < VK_API_VERSION_1_3
                              ? properties.properties.apiVersion
                              : VK_API_VERSION_1_3;
    if (!find_extensions(device))
        return FR_ERR_NO_MEMORY;
    device->family = choose_family(device);
    fr_vk_device_query(device);
    device->timeline = find_features(device);
    if (!device->timeline) {
        fr_log_write(log, FR_LOG_WARNING, "\"%s\" has no timeline semaphores; its driver is too old",
                     device->name);
        return FR_ERR_UNSUPPORTED;
    }
    const VkResult result = make_device(device);
    if (result != VK_SUCCESS) {
        fr_log_write(log, FR_LOG_WARNING, "no Vulkan device can be made on \"%s\": %s", device->name,
                     fr_vk_result_name(result));
        return result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY
                   ? FR_ERR_NO_MEMORY
                   : FR_ERR_UNSUPPORTED;
    }
    if (!fr_vk_load_device(&device->vk, NULL, device->device) || !device->vk.WaitSemaphores ||
        !device->vk.GetSemaphoreCounterValue) {
        fr_log_write(log, FR_LOG_WARNING, "\"%s\" lacks functions of Vulkan 1.1", device->name);
        return FR_ERR_UNSUPPORTED;
    }
    device->vk.GetDeviceQueue(device->device, device->family, 0, &device->queue);
    device->vk.GetDeviceQueue(device->device, device->copy_family, 0, &device->copy_queue);
    fr_vk_device_query_ways(device);
    return make_timelines(device);
}
