/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The device of a source: all that is known of it is what its maker says. */
#include "backend/vulkan/device.h"

#include "backend/vulkan/vulkan.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

/* VK_KHR_image_format_list is what the one before it needs below version 1.2. */
static const char *const useful_extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
    VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
    VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
    NULL,
};

const char *const *fr_vk_source_extensions(void)
{
    return useful_extensions;
}

/* Our own names, since the caller's need not outlive the call; what is of no use is left out. */
static void note_extensions(struct fr_vk_device *device, const fr_vulkan_source_params *params)
{
    for (size_t i = 0; useful_extensions[i]; i++)
        for (uint32_t j = 0; j < params->num_extensions; j++)
            if (!strcmp(params->extensions[j], useful_extensions[i])) {
                device->extension[device->num_extensions++] = useful_extensions[i];
                break;
            }
}

static fr_status load(struct fr_vk_device *device, const fr_vulkan_source_params *params, const fr_log *log)
{
    void *const get = params->get_instance_proc_addr, *const get_of_device = params->get_device_proc_addr;
    PFN_vkGetDeviceProcAddr device_get = NULL;
    if (get)
        *(void **)&device->get_instance_proc_addr = get;
    else
        device->get_instance_proc_addr = fr_vk_loader(log);
    if (get_of_device)
        *(void **)&device_get = get_of_device;
    if (!device->get_instance_proc_addr)
        return FR_ERR_UNSUPPORTED;
    if (fr_vk_load_instance(&device->vk, device->get_instance_proc_addr, device->instance) &&
        fr_vk_load_device(&device->vk, device_get, device->device))
        return FR_OK;
    fr_log_write(log, FR_LOG_WARNING, "the source's Vulkan device lacks functions of version 1.1");
    return FR_ERR_UNSUPPORTED;
}

static void take(struct fr_vk_device *device, const fr_vulkan_source_params *params)
{
    device->instance = params->instance;
    device->physical = params->physical_device;
    device->device = params->device;
    device->queue = params->queue;
    device->family = params->queue_family;
    device->timeline = params->timeline_semaphores;
    device->writes_any_format = params->storage_image_write_without_format;
    device->lock = params->lock && params->unlock ? params->lock : NULL;
    device->unlock = params->unlock;
    device->adopt = params->adopt;
    device->user = params->user;
}

fr_status fr_vk_device_wrap(struct fr_vk_device **out, const fr_vulkan_source_params *params,
                            const fr_log *log)
{
    *out = NULL;
    if (!params->instance || !params->physical_device || !params->device || !params->queue) {
        fr_log_write(log, FR_LOG_WARNING, "the source's Vulkan device has no instance, device or queue");
        return FR_ERR_UNSUPPORTED;
    }
    struct fr_vk_device *device = fr_vk_device_make();
    if (!device)
        return FR_ERR_NO_MEMORY;
    take(device, params);
    note_extensions(device, params);
    const fr_status status = load(device, params, log);
    if (status != FR_OK) {
        fr_vk_device_unref(device);
        return status;
    }
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    device->vk.GetPhysicalDeviceProperties2(device->physical, &properties);
    const uint32_t version = params->api_version ? params->api_version : VK_API_VERSION_1_1;
    device->api_version =
        properties.properties.apiVersion < version ? properties.properties.apiVersion : version;
    device->timeline = device->timeline && device->vk.WaitSemaphores && device->vk.GetSemaphoreCounterValue;
    fr_vk_device_query(device);
    fr_vk_device_query_ways(device);
    *out = device;
    return FR_OK;
}
