/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

static void write_uuid(struct json *json, const char *key, const uint8_t *uuid)
{
    char text[2 * VK_UUID_SIZE + 1];
    for (uint32_t i = 0; i < VK_UUID_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    json_text(json, key, text);
}

static void write_families(struct json *json, const struct gpu *gpu)
{
    json_array(json, "queue_families");
    for (uint32_t i = 0; i < gpu->num_families; i++) {
        json_object(json, NULL);
        json_integer(json, "flags", gpu->family[i].queueFlags);
        json_integer(json, "queues", gpu->family[i].queueCount);
        json_integer(json, "timestamp_bits", gpu->family[i].timestampValidBits);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_memory(struct json *json, const struct gpu *gpu)
{
    json_array(json, "memory_types");
    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        json_object(json, NULL);
        json_integer(json, "flags", gpu->memory.memoryTypes[i].propertyFlags);
        json_integer(json, "heap", gpu->memory.memoryTypes[i].heapIndex);
        json_end_object(json);
    }
    json_end_array(json);
    json_array(json, "memory_heaps");
    for (uint32_t i = 0; i < gpu->memory.memoryHeapCount; i++) {
        json_object(json, NULL);
        json_integer(json, "bytes", gpu->memory.memoryHeaps[i].size);
        json_integer(json, "flags", gpu->memory.memoryHeaps[i].flags);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_external_image(struct json *json, struct gpu *gpu, VkFormat format, VkImageTiling tiling)
{
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
    const VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = format,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = tiling,
        .usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                 VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                 (tiling == VK_IMAGE_TILING_OPTIMAL ? VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT : 0)};
    VkExternalImageFormatProperties external_props = {.sType =
                                                          VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
    VkImageFormatProperties2 props = {.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
                                      .pNext = &external_props};
    const VkResult result = gpu->vk.GetPhysicalDeviceImageFormatProperties2(gpu->physical, &info, &props);
    json_bool(json, "opaque_fd", result == VK_SUCCESS);
    if (result != VK_SUCCESS)
        return;
    json_integer(json, "external_features", external_props.externalMemoryProperties.externalMemoryFeatures);
    json_integer(json, "max_width", props.imageFormatProperties.maxExtent.width);
}

static void write_formats(struct json *json, struct gpu *gpu)
{
    static const struct {
        const char *name;
        VkFormat format;
    } formats[] = {{"BGRA8", VK_FORMAT_B8G8R8A8_UNORM},
                   {"RGBA8", VK_FORMAT_R8G8B8A8_UNORM},
                   {"RGB10A2", VK_FORMAT_A2B10G10R10_UNORM_PACK32},
                   {"RGBA16F", VK_FORMAT_R16G16B16A16_SFLOAT},
                   {"R8", VK_FORMAT_R8_UNORM},
                   {"RG8", VK_FORMAT_R8G8_UNORM},
                   {"R16", VK_FORMAT_R16_UNORM},
                   {"RG16", VK_FORMAT_R16G16_UNORM}};
    json_array(json, "formats");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        VkFormatProperties props;
        gpu->vk.GetPhysicalDeviceFormatProperties(gpu->physical, formats[i].format, &props);
        json_object(json, NULL);
        json_text(json, "format", formats[i].name);
        json_integer(json, "optimal_features", props.optimalTilingFeatures);
        json_integer(json, "linear_features", props.linearTilingFeatures);
        json_object(json, "optimal");
        write_external_image(json, gpu, formats[i].format, VK_IMAGE_TILING_OPTIMAL);
        json_end_object(json);
        json_object(json, "linear");
        write_external_image(json, gpu, formats[i].format, VK_IMAGE_TILING_LINEAR);
        json_end_object(json);
        json_end_object(json);
    }
    json_end_array(json);
}

static void write_limits(struct json *json, const struct gpu *gpu)
{
    const VkPhysicalDeviceLimits *const limits = &gpu->props.limits;
    json_number(json, "timestamp_period_ns", (double)limits->timestampPeriod);
    json_integer(json, "max_image", limits->maxImageDimension2D);
    json_integer(json, "max_storage_range", limits->maxStorageBufferRange);
    json_integer(json, "max_groups_x", limits->maxComputeWorkGroupCount[0]);
    json_integer(json, "max_invocations", limits->maxComputeWorkGroupInvocations);
    json_integer(json, "host_pointer_align", gpu->host_pointer_align);
    json_integer(json, "subgroup_size", gpu->subgroup.subgroupSize);
    json_integer(json, "subgroup_operations", gpu->subgroup.supportedOperations);
    json_integer(json, "subgroup_stages", gpu->subgroup.supportedStages);
}

static void write_priorities(struct probe *probe)
{
    static const struct {
        const char *name;
        uint32_t priority;
    } wanted[] = {{"medium", 256}, {"high", 512}, {"realtime", 1024}};
    json_object(&probe->json, "global_priority_granted");
    for (size_t i = 0; i < 3; i++) {
        struct gpu gpu;
        json_bool(
            &probe->json, wanted[i].name,
            gpu_open(&gpu, &(struct gpu_params){.device = probe->device, .priority = wanted[i].priority}));
        gpu_close(&gpu);
    }
    json_end_object(&probe->json);
}

bool probe_device(struct probe *probe)
{
    struct json *const json = &probe->json;
    struct gpu gpu;
    if (!gpu_open(&gpu, &(struct gpu_params){.device = probe->device}))
        return false;
    json_text(json, "name", gpu.props.deviceName);
    json_text(json, "driver", gpu.driver.driverName);
    json_text(json, "driver_info", gpu.driver.driverInfo);
    char version[32];
    snprintf(version, sizeof version, "%u.%u.%u", VK_API_VERSION_MAJOR(gpu.props.apiVersion),
             VK_API_VERSION_MINOR(gpu.props.apiVersion), VK_API_VERSION_PATCH(gpu.props.apiVersion));
    json_text(json, "api", version);
    json_integer(json, "type", gpu.props.deviceType);
    write_uuid(json, "device_uuid", gpu.id.deviceUUID);
    write_uuid(json, "driver_uuid", gpu.id.driverUUID);
    json_bool(json, "timeline", gpu.timeline);
    json_bool(json, "shared_timeline", gpu.shared_timeline);
    json_bool(json, "calibrated_timestamps", gpu.calibrated);
    write_limits(json, &gpu);
    write_families(json, &gpu);
    write_memory(json, &gpu);
    write_formats(json, &gpu);
    json_array(json, "extensions");
    for (uint32_t i = 0; i < gpu.num_extensions; i++)
        json_text(json, NULL, gpu.extensions[i].extensionName);
    json_end_array(json);
    const bool priorities = gpu_has(&gpu, VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME);
    gpu_close(&gpu);
    if (priorities)
        write_priorities(probe);
    return true;
}
