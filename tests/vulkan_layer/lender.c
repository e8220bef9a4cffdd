/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * VK_LAYER_FRAMERING_lender: a layer for tests, below validation. It gives a device the render node whose
 * number LENDER_RENDER_NODE says, and, where the driver has no DMA-BUFs, its OPAQUE_FDs under that name. The
 * loader does not hand the extensions on to a driver that lacks them. LENDER_DMA_BUF_ALONE=1: memory is
 * shared as DMA-BUF or not at all, and no image lies in it, which is what Mesa's driver for the processor
 * wants.
 */
#define VK_NO_PROTOTYPES
#include "chain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENSIONS_MAX = 512, DRM_MAJOR = 226 };

#define DMA_BUF ((VkFlags)VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)
#define OPAQUE_FD ((VkFlags)VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT)

/* One instance at a time is enough for a test, and drivers that are alike. */
static struct {
    VkInstance handle;
    PFN_vkGetInstanceProcAddr get;
    PFN_vkEnumerateDeviceExtensionProperties EnumerateDeviceExtensionProperties;
    PFN_vkGetPhysicalDeviceProperties2 GetPhysicalDeviceProperties2;
    PFN_vkGetPhysicalDeviceExternalBufferProperties GetPhysicalDeviceExternalBufferProperties;
    PFN_vkGetPhysicalDeviceImageFormatProperties2 GetPhysicalDeviceImageFormatProperties2;
} instance;

static struct {
    PFN_vkGetDeviceProcAddr get;
    PFN_vkAllocateMemory AllocateMemory;
    PFN_vkGetMemoryFdKHR GetMemoryFdKHR;
} device;

static void *find_in_chain(const void *chain, VkStructureType type)
{
    VkBaseOutStructure *at = (VkBaseOutStructure *)(uintptr_t)chain;
    while (at && at->sType != type)
        at = at->pNext;
    return at;
}

static bool has_dma_buf(VkPhysicalDevice physical)
{
    const VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };
    VkExternalBufferProperties out = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
    instance.GetPhysicalDeviceExternalBufferProperties(physical, &info, &out);
    return out.externalMemoryProperties.externalMemoryFeatures & VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT;
}

/* ---- instance ---- */

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateInstance(const VkInstanceCreateInfo *info,
                                                         const VkAllocationCallbacks *allocator,
                                                         VkInstance *out)
{
    instance.get = chain_of_instance(info);
    if (!instance.get)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)instance.get(NULL, "vkCreateInstance");
    const VkResult result = create(info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    instance.handle = *out;
#define LOAD(name) instance.name = (PFN_vk##name)instance.get(*out, "vk" #name)
    LOAD(EnumerateDeviceExtensionProperties);
    LOAD(GetPhysicalDeviceProperties2);
    LOAD(GetPhysicalDeviceExternalBufferProperties);
    LOAD(GetPhysicalDeviceImageFormatProperties2);
#undef LOAD
    return result;
}

static void add(VkExtensionProperties *list, uint32_t *num, const char *name)
{
    for (uint32_t i = 0; i < *num; i++)
        if (!strcmp(list[i].extensionName, name))
            return;
    list[*num] = (VkExtensionProperties){.specVersion = 1};
    strcpy(list[(*num)++].extensionName, name);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                                                             const char *layer, uint32_t *num,
                                                                             VkExtensionProperties *out)
{
    static VkExtensionProperties all[EXTENSIONS_MAX];
    uint32_t there = EXTENSIONS_MAX - 2;
    const VkResult result = instance.EnumerateDeviceExtensionProperties(physical, layer, &there, all);
    if (result != VK_SUCCESS || layer)
        return result;
    add(all, &there, VK_EXT_PHYSICAL_DEVICE_DRM_EXTENSION_NAME);
    add(all, &there, VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME);
    if (out && *num < there)
        return VK_INCOMPLETE;
    if (out)
        memcpy(out, all, there * sizeof(*all));
    *num = there;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL own_GetPhysicalDeviceProperties2(VkPhysicalDevice physical,
                                                                   VkPhysicalDeviceProperties2 *out)
{
    const char *node = getenv("LENDER_RENDER_NODE");
    VkPhysicalDeviceDrmPropertiesEXT *drm =
        find_in_chain(out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRM_PROPERTIES_EXT);
    instance.GetPhysicalDeviceProperties2(physical, out);
    if (drm && node) {
        drm->hasRender = VK_TRUE;
        drm->renderMajor = DRM_MAJOR;
        drm->renderMinor = strtol(node, NULL, 10);
    }
}

static bool dma_buf_alone(void)
{
    return getenv("LENDER_DMA_BUF_ALONE");
}

/* What the driver says of its own way, under the name that was asked for. */
static VkExternalMemoryProperties lent(VkExternalMemoryProperties own)
{
    own.compatibleHandleTypes |= DMA_BUF;
    own.exportFromImportedHandleTypes |= DMA_BUF;
    return own;
}

static VKAPI_ATTR void VKAPI_CALL own_GetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalBufferInfo *info,
    VkExternalBufferProperties *out)
{
    const bool lends = (VkFlags)info->handleType == DMA_BUF && !has_dma_buf(physical);
    VkPhysicalDeviceExternalBufferInfo asked = *info;
    if (lends)
        asked.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    instance.GetPhysicalDeviceExternalBufferProperties(physical, &asked, out);
    if (lends)
        out->externalMemoryProperties = lent(out->externalMemoryProperties);
    else if (dma_buf_alone() && (VkFlags)info->handleType == OPAQUE_FD)
        out->externalMemoryProperties = (VkExternalMemoryProperties){0};
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info, VkImageFormatProperties2 *out)
{
    VkPhysicalDeviceExternalImageFormatInfo *external =
        find_in_chain(info->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);
    VkExternalImageFormatProperties *properties =
        find_in_chain(out->pNext, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    const bool lends = external && (VkFlags)external->handleType == DMA_BUF && !has_dma_buf(physical);
    if (dma_buf_alone() && info->tiling == VK_IMAGE_TILING_LINEAR)
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    if (lends)
        external->handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    const VkResult result = instance.GetPhysicalDeviceImageFormatProperties2(physical, info, out);
    if (lends)
        external->handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
    if (lends && properties)
        properties->externalMemoryProperties = lent(properties->externalMemoryProperties);
    return result;
}

/* ---- device ---- */

static bool lends_dma_buf;

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateDevice(VkPhysicalDevice physical,
                                                       const VkDeviceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator, VkDevice *out)
{
    PFN_vkGetInstanceProcAddr of_instance;
    device.get = chain_of_device(info, &of_instance);
    if (!device.get)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkCreateDevice create = (PFN_vkCreateDevice)of_instance(instance.handle, "vkCreateDevice");
    lends_dma_buf = !has_dma_buf(physical);
    const VkResult result = create(physical, info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    device.AllocateMemory = (PFN_vkAllocateMemory)device.get(*out, "vkAllocateMemory");
    device.GetMemoryFdKHR = (PFN_vkGetMemoryFdKHR)device.get(*out, "vkGetMemoryFdKHR");
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_AllocateMemory(VkDevice handle, const VkMemoryAllocateInfo *info,
                                                         const VkAllocationCallbacks *allocator,
                                                         VkDeviceMemory *out)
{
    VkExportMemoryAllocateInfo *exported =
        find_in_chain(info->pNext, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
    const VkFlags asked = exported ? exported->handleTypes : 0;
    if (lends_dma_buf && asked & DMA_BUF)
        exported->handleTypes = (asked & ~DMA_BUF) | OPAQUE_FD;
    const VkResult result = device.AllocateMemory(handle, info, allocator, out);
    if (exported)
        exported->handleTypes = asked;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetMemoryFdKHR(VkDevice handle, const VkMemoryGetFdInfoKHR *info,
                                                         int *out)
{
    VkMemoryGetFdInfoKHR asked = *info;
    if (lends_dma_buf && (VkFlags)info->handleType == DMA_BUF)
        asked.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    return device.GetMemoryFdKHR(handle, &asked, out);
}

/* ---- entry ---- */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name);

static PFN_vkVoidFunction find(const char *name)
{
    static const struct chain_entry entries[] = {
        {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device},
        CHAIN_ENTRY(CreateInstance),
        CHAIN_ENTRY(EnumerateDeviceExtensionProperties),
        CHAIN_ENTRY(GetPhysicalDeviceProperties2),
        CHAIN_ENTRY(GetPhysicalDeviceExternalBufferProperties),
        CHAIN_ENTRY(GetPhysicalDeviceImageFormatProperties2),
        CHAIN_ENTRY(CreateDevice),
        CHAIN_ENTRY(AllocateMemory),
        CHAIN_ENTRY(GetMemoryFdKHR),
    };
    return chain_find(entries, sizeof(entries) / sizeof(entries[0]), name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own || !handle ? own : instance.get(handle, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own ? own : device.get(handle, name);
}

CHAIN_NEGOTIATE(get_instance, get_device)
