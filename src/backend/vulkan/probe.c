/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What each device of this machine can share, and why not: as a host finds it. */
#include "backend/vulkan/ring.h"
#include "backend/vulkan/vulkan.h"

#include "common/log.h"

#include <stdio.h>
#include <string.h>

enum { DEVICES_MAX = 64 };

static const char *type_name(VkPhysicalDeviceType type)
{
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return "cpu";
    default: return "other";
    }
}

/* What it says without a device. */
static void identify(const struct fr_vk_functions *vk, VkPhysicalDevice physical, fr_vulkan_device_info *out)
{
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    struct fr_gpu gpu;
    vk->GetPhysicalDeviceProperties2(physical, &properties);
    fr_vk_gpu_of(vk, physical, &gpu);
    const uint32_t version = properties.properties.apiVersion;
    *out = (fr_vulkan_device_info){.by_default = false};
    snprintf(out->name, sizeof(out->name), "%s", properties.properties.deviceName);
    snprintf(out->type, sizeof(out->type), "%s", type_name(properties.properties.deviceType));
    snprintf(out->version, sizeof(out->version), "%u.%u.%u", VK_API_VERSION_MAJOR(version),
             VK_API_VERSION_MINOR(version), VK_API_VERSION_PATCH(version));
    memcpy(out->device_uuid, gpu.device_uuid, sizeof(out->device_uuid));
    memcpy(out->driver_uuid, gpu.driver_uuid, sizeof(out->driver_uuid));
}

static void describe(const struct fr_vk_device *device, fr_vulkan_device_info *out)
{
    static const fr_vulkan_host_params params = {.device = NULL};
    const uint64_t capabilities = FR_CAP_STATES | FR_CAP_TIMELINE | FR_CAP_OPAQUE_FD |
                                  (device->dma_buf ? FR_CAP_DMA_BUF : 0) |
                                  (device->sync_file ? FR_CAP_SYNC_FILE : 0);
    struct fr_vk_plan plan;
    snprintf(out->driver, sizeof(out->driver), "%s", device->driver);
    snprintf(out->opaque_fd, sizeof(out->opaque_fd), "%s", device->fault[FR_VK_WAY_OPAQUE_FD]);
    snprintf(out->dma_buf, sizeof(out->dma_buf), "%s", device->fault[FR_VK_WAY_DMA_BUF]);
    snprintf(out->foreign, sizeof(out->foreign), "%s", device->fault[FR_VK_WAY_FOREIGN]);
    snprintf(out->timeline, sizeof(out->timeline), "%s", device->fault[FR_VK_WAY_TIMELINE]);
    snprintf(out->sync_file, sizeof(out->sync_file), "%s", device->fault[FR_VK_WAY_SYNC_FILE]);
    snprintf(out->host_memory, sizeof(out->host_memory), "%s", device->fault[FR_VK_WAY_HOST_MEMORY]);
    out->high_priority = device->high_priority;
    if (fr_vk_plan_make(&plan, device, &params, capabilities, &device->gpu) == FR_OK)
        snprintf(out->way, sizeof(out->way), "%s, kept in step by %s", fr_vk_plan_slots(&plan),
                 fr_vk_plan_sync(&plan));
}

/* The last sentence that was logged is the reason. */
static void keep(void *user, fr_log_level level, const char *text)
{
    fr_vulkan_device_info *out = user;
    (void)level;
    snprintf(out->fault, sizeof(out->fault), "%s", text);
}

static void look_at(fr_vulkan_device_info *out)
{
    char uuid[2 * FR_GPU_UUID_BYTES + 1];
    const fr_log log = {.write = keep, .user = out, .max_level = FR_LOG_WARNING};
    for (size_t i = 0; i < FR_GPU_UUID_BYTES; i++)
        snprintf(uuid + 2 * i, 3, "%02x", out->device_uuid[i]);
    const fr_vulkan_host_params params = {.device = uuid};
    const struct fr_vk_wish wish = {.params = &params};
    struct fr_vk_device *device;
    const fr_status status = fr_vk_device_create(&device, &wish, &log);
    if (status == FR_OK)
        describe(device, out);
    else if (!out->fault[0])
        snprintf(out->fault, sizeof(out->fault), "%s", fr_status_text(status));
    fr_vk_device_unref(device);
}

static fr_status look_at_all(const struct fr_vk_functions *vk, VkInstance instance,
                             fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log)
{
    const struct fr_vk_wish wish = {.params = NULL};
    VkPhysicalDevice list[DEVICES_MAX], chosen;
    uint32_t found = DEVICES_MAX;
    const VkResult result = vk->EnumeratePhysicalDevices(instance, &found, list);
    if (result != VK_SUCCESS && result != VK_INCOMPLETE) {
        fr_log_write(log, FR_LOG_WARNING, "the Vulkan devices cannot be listed: %s",
                     fr_vk_result_name(result));
        return FR_ERR_UNSUPPORTED;
    }
    (void)fr_vk_device_choose(vk, instance, &wish, NULL, &chosen);
    *count = found;
    for (uint32_t i = 0; i < found && i < max; i++) {
        identify(vk, list[i], &out[i]);
        out[i].by_default = list[i] == chosen;
        look_at(&out[i]);
    }
    return FR_OK;
}

fr_status fr_vk_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log)
{
    struct fr_vk_functions vk = {.DestroyInstance = NULL};
    VkInstance instance;
    const PFN_vkGetInstanceProcAddr get = fr_vk_loader(log);
    fr_status status = get ? fr_vk_instance_create(&vk, get, &instance, log) : FR_ERR_UNSUPPORTED;
    if (status != FR_OK)
        return status;
    status = look_at_all(&vk, instance, out, max, count, log);
    vk.DestroyInstance(instance, NULL);
    return status;
}
