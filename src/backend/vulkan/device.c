/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/device.h"

#include "common/log.h"
#include "os/atomic.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a host's device is made with where it is there. */
static const char *const wanted_extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,      VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,       VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,      VK_KHR_GLOBAL_PRIORITY_EXTENSION_NAME,
    VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME,         VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
};

static void destroy(struct fr_vk_device *device)
{
    const struct fr_vk_functions *vk = &device->vk;
    if (device->progress)
        vk->DestroySemaphore(device->device, device->progress, NULL);
    if (device->copied)
        vk->DestroySemaphore(device->device, device->copied, NULL);
    if (device->owned && device->device)
        vk->DestroyDevice(device->device, NULL);
    if (device->owned && device->instance)
        vk->DestroyInstance(device->instance, NULL);
    (void)pthread_mutex_destroy(&device->mutex);
    (void)pthread_mutex_destroy(&device->mapping);
    free(device);
}

void fr_vk_device_unref(struct fr_vk_device *device)
{
    if (device && fr_vk_device_leave(device))
        destroy(device);
}

struct fr_vk_device *fr_vk_device_make(void)
{
    struct fr_vk_device *device = calloc(1, sizeof(*device));
    if (!device)
        return NULL;
    device->refs = 1;
    (void)pthread_mutex_init(&device->mutex, NULL);
    (void)pthread_mutex_init(&device->mapping, NULL);
    for (uint32_t i = 0; i < FR_VK_WAYS; i++)
        device->fault[i] = "";
    return device;
}

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

static bool find_features(struct fr_vk_device *device)
{
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                          .pNext = &timeline};
    if (device->api_version < VK_API_VERSION_1_2 &&
        !fr_vk_device_has(device, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
        return false;
    device->vk.GetPhysicalDeviceFeatures2(device->physical, &features);
    device->writes_any_format = features.features.shaderStorageImageWriteWithoutFormat;
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
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES, .timelineSemaphore = VK_TRUE};
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

static VkResult make_timeline(struct fr_vk_device *device, VkSemaphore *out)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    const VkResult result = device->vk.CreateSemaphore(device->device, &info, NULL, out);
    if (result != VK_SUCCESS)
        *out = VK_NULL_HANDLE;
    return result;
}

static fr_status make_timelines(struct fr_vk_device *device)
{
    VkResult result = make_timeline(device, &device->progress);
    if (result == VK_SUCCESS)
        result = make_timeline(device, &device->copied);
    return result == VK_SUCCESS ? FR_OK : fr_vk_device_status(device, result);
}

static fr_status open_own(struct fr_vk_device *device, const fr_log *log)
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

fr_status fr_vk_device_create(struct fr_vk_device **out, const struct fr_vk_wish *wish, const fr_log *log)
{
    *out = NULL;
    PFN_vkGetInstanceProcAddr get = wish->get_instance_proc_addr;
    if (!get)
        get = fr_vk_loader(log);
    if (!get)
        return FR_ERR_UNSUPPORTED;
    struct fr_vk_device *device = fr_vk_device_make();
    if (!device)
        return FR_ERR_NO_MEMORY;
    device->owned = true;
    device->get_instance_proc_addr = get;
    fr_status status = fr_vk_instance_create(&device->vk, get, &device->instance, log);
    if (status == FR_OK)
        status = fr_vk_device_choose(&device->vk, device->instance, wish, log, &device->physical);
    if (status == FR_OK && !wish->alone) {
        fr_vk_gpu_of(&device->vk, device->physical, &device->gpu);
        struct fr_vk_device *other = fr_vk_device_find(get, &device->gpu);
        if (other) {
            fr_vk_device_unref(device);
            *out = other;
            return FR_OK;
        }
    }
    if (status == FR_OK)
        status = open_own(device, log);
    if (status != FR_OK) {
        fr_vk_device_unref(device);
        return status;
    }
    if (!wish->alone)
        fr_vk_device_share(device);
    fr_log_write(log, FR_LOG_INFO, "pictures are converted on \"%s\"%s%s%s", device->name,
                 device->driver[0] ? " (" : "", device->driver, device->driver[0] ? ")" : "");
    if (!device->high_priority)
        fr_log_write(log, FR_LOG_DEBUG, "the GPU does not do this process's work first");
    *out = device;
    return FR_OK;
}

bool fr_vk_device_is_lost(const struct fr_vk_device *device)
{
    /* Pairs with the release in fr_vk_device_status. */
    return fr_load_acquire_u32(&device->lost) != 0;
}

fr_status fr_vk_device_status(struct fr_vk_device *device, VkResult result)
{
    if (result == VK_ERROR_DEVICE_LOST)
        fr_store_release_u32(&device->lost, 1);
    if (fr_vk_device_is_lost(device))
        return FR_ERR_DEVICE_LOST;
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_FRAGMENTATION:
    case VK_ERROR_MEMORY_MAP_FAILED:
    case VK_ERROR_TOO_MANY_OBJECTS: return FR_ERR_NO_MEMORY;
    default: return FR_ERR_SYSTEM;
    }
}

void fr_vk_device_log_loss(struct fr_vk_device *device, const fr_log *log)
{
    if (fr_vk_device_is_lost(device) && fr_compare_swap_u32(&device->lost_logged, 0, 1))
        fr_log_write(log, FR_LOG_WARNING, "the GPU's device \"%s\" was lost", device->name);
}

void fr_vk_device_lock(struct fr_vk_device *device)
{
    if (device->lock)
        device->lock(device->user);
    else
        (void)pthread_mutex_lock(&device->mutex);
}

void fr_vk_device_unlock(struct fr_vk_device *device)
{
    if (device->lock)
        device->unlock(device->user);
    else
        (void)pthread_mutex_unlock(&device->mutex);
}

uint64_t fr_vk_device_serial(struct fr_vk_device *device)
{
    fr_vk_device_lock(device);
    const uint64_t serial = ++device->serials;
    fr_vk_device_unlock(device);
    return serial;
}

void fr_vk_device_adopt(struct fr_vk_device *device, void *object)
{
    if (device->adopt)
        device->adopt(device->user, object);
}

uint32_t fr_vk_memory_type(const struct fr_vk_device *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                           VkMemoryPropertyFlags preferred)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        const VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;
        if (!(bits & (UINT32_C(1) << i)) || (flags & wanted) != wanted)
            continue;
        if ((flags & preferred) == preferred)
            return i;
        if (found == UINT32_MAX)
            found = i;
    }
    return found;
}

#define LAST_LOOK_NS (100 * FR_NS_PER_MS)

/* A wait that cannot be had, for want of memory say. */
static VkResult look_until(const struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                           uint64_t timeout_ns)
{
    const struct timespec pause = {.tv_nsec = (long)FR_NS_PER_MS};
    for (uint64_t waited_ns = 0;; waited_ns += FR_NS_PER_MS) {
        uint64_t reached = 0;
        const VkResult result = device->vk.GetSemaphoreCounterValue(device->device, timeline, &reached);
        if (result == VK_ERROR_DEVICE_LOST || reached >= value)
            return result;
        if (waited_ns >= timeout_ns)
            return VK_TIMEOUT;
        (void)nanosleep(&pause, NULL);
    }
}

uint64_t fr_vk_device_patience(const struct fr_vk_device *device, uint64_t timeout_ns)
{
    const bool slow = device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    return slow && timeout_ns >= FR_VK_GPU_WAIT_NS ? FR_VK_CPU_WAIT_NS : timeout_ns;
}

static VkResult wait_until(const struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                           uint64_t timeout_ns)
{
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &timeline,
        .pValues = &value,
    };
    const VkResult result = device->vk.WaitSemaphores(device->device, &info, timeout_ns);
    return result == VK_SUCCESS || result == VK_TIMEOUT || result == VK_ERROR_DEVICE_LOST
               ? result
               : look_until(device, timeline, value, timeout_ns);
}

static fr_status wait_for(struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                          uint64_t timeout_ns)
{
    const bool lost = fr_vk_device_is_lost(device);
    if (lost && !fr_vk_device_is_hung(device))
        return FR_ERR_DEVICE_LOST;
    /* One that was given up may be at work all the same; it had its time. */
    const uint64_t patience_ns = fr_vk_device_patience(device, timeout_ns);
    const VkResult result =
        wait_until(device, timeline, value, lost && patience_ns > LAST_LOOK_NS ? LAST_LOOK_NS : patience_ns);
    if (result == VK_TIMEOUT && timeout_ns >= FR_VK_GPU_WAIT_NS)
        fr_store_release_u32(&device->hung, 1);
    if (result == VK_TIMEOUT)
        return FR_TIMEOUT;
    return result == VK_SUCCESS && !lost ? FR_OK : fr_vk_device_status(device, VK_ERROR_DEVICE_LOST);
}

fr_status fr_vk_device_wait(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns)
{
    return wait_for(device, device->progress, value, timeout_ns);
}

fr_status fr_vk_device_wait_copied(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns)
{
    return wait_for(device, device->copied, value, timeout_ns);
}

bool fr_vk_device_has_copied(const struct fr_vk_device *device, uint64_t value)
{
    uint64_t reached = 0;
    return !value ||
           (device->vk.GetSemaphoreCounterValue(device->device, device->copied, &reached) == VK_SUCCESS &&
            reached >= value);
}

void fr_vk_device_give_up(struct fr_vk_device *device)
{
    fr_store_release_u32(&device->hung, 1);
    (void)fr_vk_device_status(device, VK_ERROR_DEVICE_LOST);
}

bool fr_vk_device_is_hung(const struct fr_vk_device *device)
{
    /* Pairs with the releases in fr_vk_device_wait and fr_vk_device_give_up. */
    return fr_load_acquire_u32(&device->hung) != 0;
}
