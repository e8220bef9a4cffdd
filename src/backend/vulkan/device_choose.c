/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/device.h"

#include "common/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 64 };

fr_status fr_vk_instance_create(struct fr_vk_functions *vk, PFN_vkGetInstanceProcAddr get,
                                VkInstance *instance, const fr_log *log)
{
    *instance = VK_NULL_HANDLE;
    const PFN_vkEnumerateInstanceVersion version_of =
        (PFN_vkEnumerateInstanceVersion)get(VK_NULL_HANDLE, "vkEnumerateInstanceVersion");
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)get(VK_NULL_HANDLE, "vkCreateInstance");
    uint32_t version = 0;
    if (!create || !version_of || version_of(&version) != VK_SUCCESS || version < VK_API_VERSION_1_1) {
        fr_log_write(log, FR_LOG_WARNING, "the Vulkan loader is older than version 1.1");
        return FR_ERR_UNSUPPORTED;
    }
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "framering",
        .pEngineName = "framering",
        .apiVersion = VK_API_VERSION_1_3,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &application,
    };
    const VkResult result = create(&info, NULL, instance);
    if (result != VK_SUCCESS) {
        *instance = VK_NULL_HANDLE;
        fr_log_write(log, FR_LOG_WARNING, "no Vulkan instance can be made: %s; a driver may be missing",
                     fr_vk_result_name(result));
        return result == VK_ERROR_OUT_OF_HOST_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_UNSUPPORTED;
    }
    if (fr_vk_load_instance(vk, get, *instance))
        return FR_OK;
    fr_log_write(log, FR_LOG_WARNING, "the Vulkan loader lacks functions of version 1.1");
    if (vk->DestroyInstance)
        vk->DestroyInstance(*instance, NULL);
    *instance = VK_NULL_HANDLE;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_gpu_of(const struct fr_vk_functions *vk, VkPhysicalDevice physical, struct fr_gpu *out)
{
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &id};
    vk->GetPhysicalDeviceProperties2(physical, &properties);
    *out = (struct fr_gpu){.present = true};
    memcpy(out->driver_uuid, id.driverUUID, sizeof(out->driver_uuid));
    memcpy(out->device_uuid, id.deviceUUID, sizeof(out->device_uuid));
}

bool fr_vk_gpu_equal(const struct fr_gpu *a, const struct fr_gpu *b)
{
    return a->present && b->present && !memcmp(a->driver_uuid, b->driver_uuid, sizeof(a->driver_uuid)) &&
           !memcmp(a->device_uuid, b->device_uuid, sizeof(a->device_uuid));
}

static bool contains(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == length)
            return true;
    }
    return false;
}

static int digit(char c)
{
    const int lower = tolower((unsigned char)c);
    if (lower >= '0' && lower <= '9')
        return lower - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Hexadecimal, dashes anywhere. */
static bool parse_uuid(const char *text, uint8_t out[FR_GPU_UUID_BYTES])
{
    size_t digits = 0;
    for (; *text; text++) {
        const int value = digit(*text);
        if (*text == '-')
            continue;
        if (value < 0 || digits == 2 * FR_GPU_UUID_BYTES)
            return false;
        uint8_t *byte = &out[digits++ / 2];
        *byte = (uint8_t)((digits & 1 ? 0 : *byte << 4) | value);
    }
    return digits == 2 * FR_GPU_UUID_BYTES;
}

/* A queue that dispatches, and the version that everything here is of. */
static bool is_usable(const struct fr_vk_functions *vk, VkPhysicalDevice physical)
{
    VkQueueFamilyProperties family[FR_VK_FAMILIES_MAX];
    uint32_t count = FR_VK_FAMILIES_MAX;
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    vk->GetPhysicalDeviceProperties2(physical, &properties);
    vk->GetPhysicalDeviceQueueFamilyProperties(physical, &count, family);
    for (uint32_t i = 0; i < count; i++)
        if (family[i].queueFlags & VK_QUEUE_COMPUTE_BIT)
            return properties.properties.apiVersion >= VK_API_VERSION_1_1;
    return false;
}

static int rank_of_type(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return 5;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return 4;
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return 3;
    case VK_PHYSICAL_DEVICE_TYPE_OTHER: return 2;
    default: return 1;
    }
}

/* 0: not this one. The source's own device comes first among those that are allowed. */
static int rank(const struct fr_vk_functions *vk, VkPhysicalDevice physical, const struct fr_vk_wish *wish)
{
    const char *named = wish->params ? wish->params->device : NULL;
    uint8_t uuid[FR_GPU_UUID_BYTES];
    struct fr_gpu gpu;
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    vk->GetPhysicalDeviceProperties2(physical, &properties);
    fr_vk_gpu_of(vk, physical, &gpu);
    const bool by_uuid = named && parse_uuid(named, uuid);
    if (!is_usable(vk, physical))
        return 0;
    if (by_uuid && memcmp(uuid, gpu.device_uuid, sizeof(uuid)) != 0)
        return 0;
    if (named && !by_uuid && !contains(properties.properties.deviceName, named))
        return 0;
    if (!named && !wish->any_type && properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
        return 0;
    const bool same = wish->gpu && fr_vk_gpu_equal(&gpu, wish->gpu);
    return (same ? 10 : 0) + rank_of_type(properties.properties.deviceType);
}

static void log_none(const struct fr_vk_wish *wish, uint32_t count, const fr_log *log)
{
    if (!count)
        fr_log_write(log, FR_LOG_WARNING, "this machine has no Vulkan device; a driver may be missing");
    else if (wish->params && wish->params->device)
        fr_log_write(log, FR_LOG_WARNING, "no Vulkan device is called \"%s\"", wish->params->device);
    else
        fr_log_write(log, FR_LOG_INFO,
                     "this machine has no GPU that Vulkan knows, only the processor as a device, which is "
                     "used where it is named");
}

fr_status fr_vk_device_choose(const struct fr_vk_functions *vk, VkInstance instance,
                              const struct fr_vk_wish *wish, const fr_log *log, VkPhysicalDevice *out)
{
    VkPhysicalDevice list[DEVICES_MAX];
    uint32_t count = DEVICES_MAX;
    *out = VK_NULL_HANDLE;
    const VkResult result = vk->EnumeratePhysicalDevices(instance, &count, list);
    if (result != VK_SUCCESS && result != VK_INCOMPLETE) {
        fr_log_write(log, FR_LOG_WARNING, "the Vulkan devices cannot be listed: %s",
                     fr_vk_result_name(result));
        return result == VK_ERROR_OUT_OF_HOST_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_UNSUPPORTED;
    }
    int best = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int found = rank(vk, list[i], wish);
        if (found > best) {
            best = found;
            *out = list[i];
        }
    }
    if (!best)
        log_none(wish, count, log);
    return best ? FR_OK : FR_ERR_UNSUPPORTED;
}
