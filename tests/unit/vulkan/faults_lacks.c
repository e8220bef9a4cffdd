/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What devices lack. */
#include "vulkan/faults_inside.h"

#include <string.h>

static const char *hidden;
static VkDeviceSize heap_bytes;
static uint32_t range_bytes;
static struct {
    VkFormat format;
    VkExternalMemoryHandleTypeFlags ways;
    VkExternalMemoryFeatureFlags features;
} unshared;

void faults_hide(const char *extension)
{
    hidden = extension;
}

void faults_unshare(VkFormat format, VkExternalMemoryHandleTypeFlags ways,
                    VkExternalMemoryFeatureFlags features)
{
    unshared.format = format;
    unshared.ways = ways;
    unshared.features = features;
}

void faults_heap(VkDeviceSize bytes)
{
    heap_bytes = bytes;
}

void faults_range(uint32_t bytes)
{
    range_bytes = bytes;
}

static VkResult VKAPI_CALL wrap_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                                                   const char *layer, uint32_t *count,
                                                                   VkExtensionProperties *list)
{
    if (faults_due("vkEnumerateDeviceExtensionProperties"))
        return faults_failure();
    uint32_t room = *count;
    if (list && faults_timelines_shared())
        (*count)--;
    const VkResult result = REAL(EnumerateDeviceExtensionProperties)(physical, layer, count, list);
    if (faults_timelines_shared() && list && *count < room)
        strcpy(list[*count].extensionName, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME);
    *count += faults_timelines_shared();
    for (uint32_t i = 0; list && hidden && i < *count; i++)
        if (!strcmp(list[i].extensionName, hidden))
            list[i].extensionName[0] = '-';
    return result;
}

static VkResult VKAPI_CALL wrap_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info, VkImageFormatProperties2 *out)
{
    const VkResult result = REAL(GetPhysicalDeviceImageFormatProperties2)(physical, info, out);
    const VkPhysicalDeviceExternalImageFormatInfo *external = info->pNext;
    VkExternalImageFormatProperties *shared = out->pNext;
    if (info->format != unshared.format || result != VK_SUCCESS || !external || !shared ||
        external->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO ||
        !(external->handleType & unshared.ways))
        return result;
    shared->externalMemoryProperties.externalMemoryFeatures &= unshared.features;
    return unshared.features ? result : VK_ERROR_FORMAT_NOT_SUPPORTED;
}

static void VKAPI_CALL wrap_GetPhysicalDeviceMemoryProperties(VkPhysicalDevice physical,
                                                              VkPhysicalDeviceMemoryProperties *out)
{
    REAL(GetPhysicalDeviceMemoryProperties)(physical, out);
    for (uint32_t i = 0; i < out->memoryHeapCount && heap_bytes; i++)
        out->memoryHeaps[i].size = heap_bytes;
}

static void VKAPI_CALL wrap_GetPhysicalDeviceProperties2(VkPhysicalDevice physical,
                                                         VkPhysicalDeviceProperties2 *out)
{
    REAL(GetPhysicalDeviceProperties2)(physical, out);
    if (range_bytes)
        out->properties.limits.maxStorageBufferRange = range_bytes;
}

const struct faults_entry faults_lacks[] = {
    FAULTS_ENTRY(EnumerateDeviceExtensionProperties),
    FAULTS_ENTRY(GetPhysicalDeviceImageFormatProperties2),
    FAULTS_ENTRY(GetPhysicalDeviceMemoryProperties),
    FAULTS_ENTRY(GetPhysicalDeviceProperties2),
    {0},
};
