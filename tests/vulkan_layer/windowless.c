/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * VK_LAYER_FRAMERING_windowless: a layer for tests, below the one that is tested. It gives any device
 * surfaces and swapchains without a window system, of every format and colour space that a program names;
 * what is presented is shown nowhere. WINDOWLESS_NO_COPIES=1: images that cannot be copied from;
 * WINDOWLESS_NO_SAMPLES=1: that no shader can read. WINDOWLESS_LOSE=N,M+: see windowless_lost.c.
 */
#include "windowless.h"

#include "chain.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGES = 3, DEVICES_MAX = 8 };

#define INSTANCE_FUNCTIONS(X)                                                                                \
    X(DestroyInstance)                                                                                       \
    X(GetPhysicalDeviceMemoryProperties)

#define MEMBER(name) PFN_vk##name name;

/* One instance at a time is enough for a test, and a few devices. */
static struct {
    VkInstance handle;
    PFN_vkGetInstanceProcAddr get;
    INSTANCE_FUNCTIONS(MEMBER)
} instance;

struct swapchain {
    VkImage image[IMAGES];
    VkDeviceMemory memory[IMAGES];
    uint32_t next;
};

static struct device devices[DEVICES_MAX];

pthread_mutex_t windowless_queues = PTHREAD_MUTEX_INITIALIZER;

static void *key_of(const void *dispatchable)
{
    return *(void *const *)dispatchable;
}

struct device *windowless_device_of(const void *dispatchable)
{
    for (int i = 0; i < DEVICES_MAX; i++)
        if (devices[i].key == key_of(dispatchable))
            return &devices[i];
    abort();
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
#define LOAD(name) instance.name = (PFN_vk##name)instance.get(*out, "vk" #name);
    INSTANCE_FUNCTIONS(LOAD)
#undef LOAD
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateHeadlessSurfaceEXT(VkInstance handle,
                                                                   const VkHeadlessSurfaceCreateInfoEXT *info,
                                                                   const VkAllocationCallbacks *allocator,
                                                                   VkSurfaceKHR *out)
{
    (void)handle, (void)info, (void)allocator;
    *out = (VkSurfaceKHR)(uintptr_t)malloc(1);
    return *out ? VK_SUCCESS : VK_ERROR_OUT_OF_HOST_MEMORY;
}

static VKAPI_ATTR void VKAPI_CALL own_DestroySurfaceKHR(VkInstance handle, VkSurfaceKHR surface,
                                                        const VkAllocationCallbacks *allocator)
{
    (void)handle, (void)allocator;
    free((void *)(uintptr_t)surface);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetPhysicalDeviceSurfaceSupportKHR(VkPhysicalDevice device,
                                                                             uint32_t family,
                                                                             VkSurfaceKHR surface,
                                                                             VkBool32 *out)
{
    (void)device, (void)surface, (void)family;
    *out = VK_TRUE;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetPhysicalDeviceSurfaceCapabilitiesKHR(
    VkPhysicalDevice device, VkSurfaceKHR surface, VkSurfaceCapabilitiesKHR *out)
{
    (void)device, (void)surface;
    *out = (VkSurfaceCapabilitiesKHR){
        .minImageCount = IMAGES,
        .maxImageCount = IMAGES,
        .currentExtent = {UINT32_MAX, UINT32_MAX},
        .minImageExtent = {1, 1},
        .maxImageExtent = {16384, 16384},
        .maxImageArrayLayers = 1,
        .supportedTransforms = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .currentTransform = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .supportedCompositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .supportedUsageFlags = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                               VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
    };
    if (getenv("WINDOWLESS_NO_COPIES"))
        out->supportedUsageFlags &= ~(VkFlags)VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    if (getenv("WINDOWLESS_NO_SAMPLES"))
        out->supportedUsageFlags &= ~(VkFlags)VK_IMAGE_USAGE_SAMPLED_BIT;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetPhysicalDeviceSurfaceFormatsKHR(VkPhysicalDevice device,
                                                                             VkSurfaceKHR surface,
                                                                             uint32_t *num,
                                                                             VkSurfaceFormatKHR *out)
{
    static const VkFormat formats[] = {VK_FORMAT_B8G8R8A8_UNORM,      VK_FORMAT_B8G8R8A8_SRGB,
                                       VK_FORMAT_R8G8B8A8_UNORM,      VK_FORMAT_A2B10G10R10_UNORM_PACK32,
                                       VK_FORMAT_R16G16B16A16_SFLOAT, VK_FORMAT_R5G6B5_UNORM_PACK16};
    static const VkColorSpaceKHR spaces[] = {
        VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,       VK_COLOR_SPACE_HDR10_ST2084_EXT,
        VK_COLOR_SPACE_EXTENDED_SRGB_LINEAR_EXT, VK_COLOR_SPACE_HDR10_HLG_EXT,
        VK_COLOR_SPACE_DISPLAY_P3_NONLINEAR_EXT, VK_COLOR_SPACE_DCI_P3_NONLINEAR_EXT,
        VK_COLOR_SPACE_ADOBERGB_NONLINEAR_EXT};
    const uint32_t num_formats = sizeof(formats) / sizeof(formats[0]);
    const uint32_t there = num_formats * (sizeof(spaces) / sizeof(spaces[0]));
    (void)device, (void)surface;
    for (uint32_t i = 0; out && i < there && i < *num; i++)
        out[i] = (VkSurfaceFormatKHR){formats[i % num_formats], spaces[i / num_formats]};
    const bool all = !out || *num >= there;
    *num = all ? there : *num;
    return all ? VK_SUCCESS : VK_INCOMPLETE;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetPhysicalDeviceSurfacePresentModesKHR(VkPhysicalDevice device,
                                                                                  VkSurfaceKHR surface,
                                                                                  uint32_t *num,
                                                                                  VkPresentModeKHR *out)
{
    (void)device, (void)surface;
    if (out && *num)
        *out = VK_PRESENT_MODE_FIFO_KHR;
    *num = 1;
    return VK_SUCCESS;
}

/* ---- device ---- */

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateDevice(VkPhysicalDevice physical_device,
                                                       const VkDeviceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator, VkDevice *out)
{
    PFN_vkGetInstanceProcAddr of_instance;
    struct device device = {.physical_device = physical_device};
    for (VkLayerDeviceCreateInfo *at = (VkLayerDeviceCreateInfo *)(uintptr_t)info->pNext; at;
         at = (VkLayerDeviceCreateInfo *)(uintptr_t)at->pNext)
        if (at->sType == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO &&
            at->function == VK_LOADER_DATA_CALLBACK)
            device.adopt = at->u.pfnSetDeviceLoaderData;
    device.get = chain_of_device(info, &of_instance);
    if (!device.get)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkCreateDevice create = (PFN_vkCreateDevice)of_instance(instance.handle, "vkCreateDevice");
    const VkResult result = create(physical_device, info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    device.handle = *out;
    device.key = key_of(*out);
#define LOAD(name) device.name = (PFN_vk##name)device.get(*out, "vk" #name);
    WINDOWLESS_DEVICE_FUNCTIONS(LOAD)
#undef LOAD
    for (int i = 0; i < DEVICES_MAX; i++)
        if (!devices[i].key) {
            devices[i] = device;
            return result;
        }
    abort();
}

static VKAPI_ATTR void VKAPI_CALL own_DestroyDevice(VkDevice handle, const VkAllocationCallbacks *allocator)
{
    struct device *device = windowless_device_of(handle);
    device->DestroyDevice(handle, allocator);
    *device = (struct device){0};
}

static VKAPI_ATTR void VKAPI_CALL own_GetDeviceQueue(VkDevice handle, uint32_t family, uint32_t index,
                                                     VkQueue *out)
{
    struct device *device = windowless_device_of(handle);
    device->GetDeviceQueue(handle, family, index, out);
    if (!device->queue)
        device->queue = *out;
}

static bool find_memory(const struct device *device, uint32_t allowed, uint32_t *index)
{
    VkPhysicalDeviceMemoryProperties memory;
    instance.GetPhysicalDeviceMemoryProperties(device->physical_device, &memory);
    for (uint32_t i = 0; i < memory.memoryTypeCount; i++)
        if (allowed & 1u << i && memory.memoryTypes[i].propertyFlags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) {
            *index = i;
            return true;
        }
    return false;
}

static VkResult make_image(const struct device *device, const VkSwapchainCreateInfoKHR *info, VkImage *image,
                           VkDeviceMemory *memory)
{
    const VkImageCreateInfo image_info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = info->imageFormat,
        .extent = {info->imageExtent.width, info->imageExtent.height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = info->imageUsage,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkMemoryRequirements needs;
    VkMemoryAllocateInfo memory_info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
    VkResult result = device->CreateImage(device->handle, &image_info, NULL, image);
    if (result != VK_SUCCESS)
        return result;
    device->GetImageMemoryRequirements(device->handle, *image, &needs);
    memory_info.allocationSize = needs.size;
    if (!find_memory(device, needs.memoryTypeBits, &memory_info.memoryTypeIndex))
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    result = device->AllocateMemory(device->handle, &memory_info, NULL, memory);
    return result == VK_SUCCESS ? device->BindImageMemory(device->handle, *image, *memory, 0) : result;
}

static VKAPI_ATTR void VKAPI_CALL own_DestroySwapchainKHR(VkDevice handle, VkSwapchainKHR swapchain_,
                                                          const VkAllocationCallbacks *allocator)
{
    struct device *device = windowless_device_of(handle);
    struct swapchain *swapchain = (struct swapchain *)(uintptr_t)swapchain_;
    (void)allocator;
    for (int i = 0; swapchain && i < IMAGES; i++) {
        device->DestroyImage(handle, swapchain->image[i], NULL);
        device->FreeMemory(handle, swapchain->memory[i], NULL);
    }
    free(swapchain);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateSwapchainKHR(VkDevice handle,
                                                             const VkSwapchainCreateInfoKHR *info,
                                                             const VkAllocationCallbacks *allocator,
                                                             VkSwapchainKHR *out)
{
    struct device *device = windowless_device_of(handle);
    struct swapchain *swapchain = calloc(1, sizeof(*swapchain));
    if (!swapchain)
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    *out = (VkSwapchainKHR)(uintptr_t)swapchain;
    for (int i = 0; i < IMAGES; i++) {
        const VkResult result = make_image(device, info, &swapchain->image[i], &swapchain->memory[i]);
        if (result != VK_SUCCESS) {
            own_DestroySwapchainKHR(handle, *out, allocator);
            *out = VK_NULL_HANDLE;
            return result;
        }
    }
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetSwapchainImagesKHR(VkDevice handle, VkSwapchainKHR swapchain_,
                                                                uint32_t *num, VkImage *out)
{
    const struct swapchain *swapchain = (const struct swapchain *)(uintptr_t)swapchain_;
    (void)handle;
    for (uint32_t i = 0; out && i < IMAGES && i < *num; i++)
        out[i] = swapchain->image[i];
    const bool all = !out || *num >= IMAGES;
    *num = all ? IMAGES : *num;
    return all ? VK_SUCCESS : VK_INCOMPLETE;
}

/* The image was presented on the same queue: whatever comes after this signal comes after that. */
static VKAPI_ATTR VkResult VKAPI_CALL own_AcquireNextImageKHR(VkDevice handle, VkSwapchainKHR swapchain_,
                                                              uint64_t timeout, VkSemaphore semaphore,
                                                              VkFence fence, uint32_t *out)
{
    struct device *device = windowless_device_of(handle);
    struct swapchain *swapchain = (struct swapchain *)(uintptr_t)swapchain_;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .signalSemaphoreCount = semaphore ? 1 : 0,
        .pSignalSemaphores = &semaphore,
    };
    (void)timeout;
    *out = swapchain->next;
    swapchain->next = (swapchain->next + 1) % IMAGES;
    return windowless_submit(device, device->queue, 1, &submit, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR *info)
{
    enum { WAITS_MAX = 16 };
    struct device *device = windowless_device_of(queue);
    VkPipelineStageFlags stages[WAITS_MAX];
    for (uint32_t i = 0; i < info->waitSemaphoreCount && i < WAITS_MAX; i++)
        stages[i] = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = info->waitSemaphoreCount,
        .pWaitSemaphores = info->pWaitSemaphores,
        .pWaitDstStageMask = stages,
    };
    for (uint32_t i = 0; info->pResults && i < info->swapchainCount; i++)
        info->pResults[i] = VK_SUCCESS;
    const bool lost_later = windowless_presents(device);
    const VkResult result =
        windowless_submit(device, queue, info->waitSemaphoreCount ? 1 : 0, &submit, VK_NULL_HANDLE);
    if (lost_later)
        windowless_lose(device);
    return result;
}

static VKAPI_ATTR void VKAPI_CALL own_SetHdrMetadataEXT(VkDevice device, uint32_t num,
                                                        const VkSwapchainKHR *swapchains,
                                                        const VkHdrMetadataEXT *metadata)
{
    (void)device, (void)num, (void)swapchains, (void)metadata;
}

/* ---- the loader's side ---- */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name);

static const struct chain_entry entries[] = {
    {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_instance},
    {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_device},
    CHAIN_ENTRY(CreateInstance),
    CHAIN_ENTRY(CreateHeadlessSurfaceEXT),
    CHAIN_ENTRY(DestroySurfaceKHR),
    CHAIN_ENTRY(GetPhysicalDeviceSurfaceSupportKHR),
    CHAIN_ENTRY(GetPhysicalDeviceSurfaceCapabilitiesKHR),
    CHAIN_ENTRY(GetPhysicalDeviceSurfaceFormatsKHR),
    CHAIN_ENTRY(GetPhysicalDeviceSurfacePresentModesKHR),
    CHAIN_ENTRY(CreateDevice),
    CHAIN_ENTRY(DestroyDevice),
    CHAIN_ENTRY(GetDeviceQueue),
    CHAIN_ENTRY(CreateSwapchainKHR),
    CHAIN_ENTRY(DestroySwapchainKHR),
    CHAIN_ENTRY(GetSwapchainImagesKHR),
    CHAIN_ENTRY(AcquireNextImageKHR),
    CHAIN_ENTRY(QueuePresentKHR),
    CHAIN_ENTRY(SetHdrMetadataEXT),
};

static PFN_vkVoidFunction find(const char *name)
{
    return chain_find(entries, sizeof(entries) / sizeof(entries[0]), name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    if (own || !handle)
        return own;
    const PFN_vkVoidFunction below = instance.get(handle, name), losing = windowless_losing(name);
    return below && losing ? losing : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    if (own)
        return own;
    const PFN_vkVoidFunction below = windowless_device_of(handle)->get(handle, name),
                             losing = windowless_losing(name);
    return below && losing ? losing : below;
}

CHAIN_NEGOTIATE(get_instance, get_device)
