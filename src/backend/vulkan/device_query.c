/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a device can, from its extensions and the properties it states. One thing is found out by trying,
 * since no property says what the kernel can: sync files (sync_file.c). */
#include "backend/vulkan/format.h"
#include "backend/vulkan/memory.h"
#include "backend/vulkan/sync_file.h"

#include <stdio.h>
#include <string.h>

#define BOTH_WAYS (VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT)

bool fr_vk_device_has(const struct fr_vk_device *device, const char *extension)
{
    for (uint32_t i = 0; i < device->num_extensions; i++)
        if (!strcmp(device->extension[i], extension))
            return true;
    return false;
}

static void query_identity(struct fr_vk_device *device)
{
    const struct fr_vk_functions *vk = &device->vk;
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceMaintenance3Properties largest = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_3_PROPERTIES,
        .pNext = device->api_version >= VK_API_VERSION_1_2 ? &driver : NULL,
    };
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &largest};
    vk->GetPhysicalDeviceProperties2(device->physical, &properties);
    snprintf(device->name, sizeof(device->name), "%s", properties.properties.deviceName);
    snprintf(device->driver, sizeof(device->driver), "%s%s%s", driver.driverName,
             driver.driverInfo[0] ? " " : "", driver.driverInfo);
    device->type = properties.properties.deviceType;
    device->limits = properties.properties.limits;
    device->max_allocation_bytes = largest.maxMemoryAllocationSize;
}

void fr_vk_device_query(struct fr_vk_device *device)
{
    query_identity(device);
    fr_vk_gpu_of(&device->vk, device->physical, &device->gpu);
    device->vk.GetPhysicalDeviceMemoryProperties(device->physical, &device->memory);
    VkQueueFamilyProperties family[FR_VK_FAMILIES_MAX];
    uint32_t count = FR_VK_FAMILIES_MAX;
    device->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical, &device->num_families, NULL);
    device->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical, &count, family);
    if (device->family < count)
        device->queue_flags = family[device->family].queueFlags;
}

/* Whether ring images of a format can be shared so; `modifier` for DMA-BUF. */
static bool image_shares(const struct fr_vk_device *device, fr_format format, VkImageUsageFlags usage,
                         VkExternalMemoryHandleTypeFlagBits handle_type, const uint64_t *modifier)
{
    const VkPhysicalDeviceImageDrmFormatModifierInfoEXT with_modifier = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = modifier ? *modifier : 0,
    };
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = modifier ? &with_modifier : NULL,
        .handleType = handle_type,
    };
    const VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = fr_vk_format(format),
        .type = VK_IMAGE_TYPE_2D,
        .tiling = modifier ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_OPTIMAL,
        .usage = usage,
    };
    VkExternalImageFormatProperties shared = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
    VkImageFormatProperties2 out = {.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, .pNext = &shared};
    return device->vk.GetPhysicalDeviceImageFormatProperties2(device->physical, &info, &out) == VK_SUCCESS &&
           (shared.externalMemoryProperties.externalMemoryFeatures & BOTH_WAYS) == BOTH_WAYS;
}

static bool every_format_shares(const struct fr_vk_device *device,
                                VkExternalMemoryHandleTypeFlagBits handle_type, const uint64_t *modifier)
{
    for (uint32_t i = 0; i < FR_VK_RING_FORMATS; i++)
        if (!image_shares(device, fr_vk_ring_formats[i], FR_VK_SLOT_USAGE, handle_type, modifier))
            return false;
    return true;
}

uint32_t fr_vk_device_modifiers(const struct fr_vk_device *device, fr_format format,
                                VkDrmFormatModifierPropertiesEXT list[FR_VK_MODIFIERS_LISTED_MAX])
{
    VkDrmFormatModifierPropertiesListEXT modifiers = {
        .sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT,
        .drmFormatModifierCount = FR_VK_MODIFIERS_LISTED_MAX,
        .pDrmFormatModifierProperties = list,
    };
    VkFormatProperties2 properties = {.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2, .pNext = &modifiers};
    device->vk.GetPhysicalDeviceFormatProperties2(device->physical, fr_vk_format(format), &properties);
    return modifiers.drmFormatModifierCount;
}

static void query_modifiers(struct fr_vk_device *device)
{
    VkDrmFormatModifierPropertiesEXT list[FR_VK_MODIFIERS_LISTED_MAX];
    struct fr_gpu *gpu = &device->gpu;
    const uint32_t count = fr_vk_device_modifiers(device, FR_FORMAT_BGRA8, list);
    gpu->num_modifiers = 0;
    for (uint32_t i = 0; i < count && gpu->num_modifiers < FR_GPU_MODIFIERS_MAX; i++) {
        const uint64_t modifier = list[i].drmFormatModifier;
        if (list[i].drmFormatModifierPlaneCount <= FR_GPU_PLANES_MAX &&
            every_format_shares(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT, &modifier))
            gpu->modifier[gpu->num_modifiers++] = modifier;
    }
}

static const char *query_opaque_fd(struct fr_vk_device *device)
{
    for (uint32_t i = 0; i < FR_VK_RING_FORMATS; i++)
        device->slot_usage[i] = FR_VK_SLOT_USAGE;
    if (!fr_vk_device_has(device, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) || !device->vk.GetMemoryFdKHR)
        return "the device lacks VK_KHR_external_memory_fd";
    device->opaque_fd = every_format_shares(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, NULL);
    for (uint32_t i = 0; i < FR_VK_RING_FORMATS; i++)
        if (image_shares(device, fr_vk_ring_formats[i], FR_VK_SLOT_USAGE | VK_IMAGE_USAGE_STORAGE_BIT,
                         VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, NULL))
            device->slot_usage[i] |= VK_IMAGE_USAGE_STORAGE_BIT;
    return device->opaque_fd ? "" : "the device does not share images of every ring format";
}

static const char *query_dma_buf(struct fr_vk_device *device)
{
    if (!fr_vk_device_has(device, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) || !device->vk.GetMemoryFdKHR ||
        !device->vk.GetMemoryFdPropertiesKHR)
        return "the device lacks VK_KHR_external_memory_fd";
    if (!fr_vk_device_has(device, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME))
        return "the device lacks VK_EXT_external_memory_dma_buf";
    if (!fr_vk_device_has(device, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME) ||
        !device->vk.GetImageDrmFormatModifierPropertiesEXT)
        return "the device lacks VK_EXT_image_drm_format_modifier";
    query_modifiers(device);
    device->dma_buf = device->gpu.num_modifiers != 0;
    return device->dma_buf ? "" : "no modifier is shared in every ring format";
}

static const char *query_timeline(struct fr_vk_device *device)
{
    if (!device->timeline)
        return "the device has no timeline semaphores";
    if (!fr_vk_device_has(device, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) ||
        !device->vk.GetSemaphoreFdKHR || !device->vk.ImportSemaphoreFdKHR)
        return "the device lacks VK_KHR_external_semaphore_fd";
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkPhysicalDeviceExternalSemaphoreInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
        .pNext = &type,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
    };
    VkExternalSemaphoreProperties out = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
    device->vk.GetPhysicalDeviceExternalSemaphoreProperties(device->physical, &info, &out);
    const VkExternalSemaphoreFeatureFlags both =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    device->shared_timeline = (out.externalSemaphoreFeatures & both) == both;
    return device->shared_timeline ? "" : "the device does not share timeline semaphores";
}

static VkExternalMemoryFeatureFlags buffer_features(const struct fr_vk_device *device,
                                                    VkExternalMemoryHandleTypeFlagBits handle_type,
                                                    VkBufferUsageFlags usage)
{
    const VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = usage,
        .handleType = handle_type,
    };
    VkExternalBufferProperties out = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
    device->vk.GetPhysicalDeviceExternalBufferProperties(device->physical, &info, &out);
    return out.externalMemoryProperties.externalMemoryFeatures;
}

static const char *query_host_memory(struct fr_vk_device *device)
{
    if (!fr_vk_device_has(device, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME) ||
        !device->vk.GetMemoryHostPointerPropertiesEXT)
        return "the device lacks VK_EXT_external_memory_host";
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &host};
    device->vk.GetPhysicalDeviceProperties2(device->physical, &properties);
    device->host_pointer_align = host.minImportedHostPointerAlignment;
    const VkExternalMemoryFeatureFlags features = buffer_features(
        device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, FR_VK_SHARED_BUFFER_USAGE);
    device->host_memory =
        device->host_pointer_align && (features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT);
    return device->host_memory ? "" : "the device does not import memory as buffers";
}

static uint32_t find_render_node(struct fr_vk_device *device)
{
    VkPhysicalDeviceDrmPropertiesEXT drm = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &drm};
    if (!fr_vk_device_has(device, VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME))
        return 0;
    device->vk.GetPhysicalDeviceProperties2(device->physical, &properties);
    return drm.hasRender && drm.renderMinor > 0 && drm.renderMinor < UINT32_MAX ? (uint32_t)drm.renderMinor
                                                                                : 0;
}

void fr_vk_device_query_ways(struct fr_vk_device *device)
{
    device->render_node = find_render_node(device);
    const VkBufferUsageFlags picture = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT;
    device->fault[FR_VK_WAY_OPAQUE_FD] = query_opaque_fd(device);
    device->fault[FR_VK_WAY_DMA_BUF] = query_dma_buf(device);
    device->foreign = fr_vk_device_has(device, VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME);
    device->fault[FR_VK_WAY_FOREIGN] = device->foreign ? "" : "the device lacks VK_EXT_queue_family_foreign";
    device->fault[FR_VK_WAY_TIMELINE] = query_timeline(device);
    device->fault[FR_VK_WAY_SYNC_FILE] = fr_vk_sync_file_query(device);
    device->sync_file = !*device->fault[FR_VK_WAY_SYNC_FILE];
    device->fault[FR_VK_WAY_HOST_MEMORY] = query_host_memory(device);
    if (!device->vk.GetMemoryFdKHR)
        return;
    device->buffer_opaque_fd =
        fr_vk_device_has(device, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) &&
        (buffer_features(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, picture) &
         VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT);
    device->buffer_dma_buf =
        fr_vk_device_has(device, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME) &&
        (buffer_features(device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT, picture) &
         VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT);
}
