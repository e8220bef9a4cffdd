/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "swapchain.h"

#include "feed.h"
#include "objects.h"
#include "settings.h"

#include <stdlib.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static fr_layer_swapchain *swapchains;

fr_layer_swapchain *fr_layer_swapchain_of(const fr_layer_device *device, VkSwapchainKHR handle)
{
    pthread_rwlock_rdlock(&lock);
    fr_layer_swapchain *at = swapchains;
    while (at && (at->handle != handle || at->device != device))
        at = at->next;
    pthread_rwlock_unlock(&lock);
    return at;
}

static fr_layer_swapchain *take_out(const fr_layer_device *device, VkSwapchainKHR handle)
{
    pthread_rwlock_wrlock(&lock);
    fr_layer_swapchain **at = &swapchains;
    while (*at && ((*at)->handle != handle || (*at)->device != device))
        at = &(*at)->next;
    fr_layer_swapchain *found = *at;
    if (found)
        *at = found->next;
    pthread_rwlock_unlock(&lock);
    return found;
}

static bool can(const fr_layer_device *device, VkFormat format, VkFormatFeatureFlags wanted)
{
    VkFormatProperties properties;
    device->instance->vk.GetPhysicalDeviceFormatProperties(device->physical_device, format, &properties);
    return (properties.optimalTilingFeatures & wanted) == wanted;
}

/* What images of such a swapchain can be made for; 0: nobody says. */
static VkImageUsageFlags usages_of(const fr_layer_device *device, const VkSwapchainCreateInfoKHR *info)
{
    VkSurfaceCapabilitiesKHR surface;
    const PFN_vkGetPhysicalDeviceSurfaceCapabilitiesKHR get =
        device->instance->vk.GetPhysicalDeviceSurfaceCapabilitiesKHR;
    return get && get(device->physical_device, info->surface, &surface) == VK_SUCCESS
               ? surface.supportedUsageFlags
               : 0;
}

/* Why no shader can read images of such a swapchain; NULL: one can. */
static const char *not_sampled(const fr_layer_device *device, const VkSwapchainCreateInfoKHR *info,
                               VkImageUsageFlags usages)
{
    if (!device->storage_image_write_without_format)
        return "the device was made without shaderStorageImageWriteWithoutFormat";
    if (!(usages & VK_IMAGE_USAGE_SAMPLED_BIT) ||
        !can(device, info->imageFormat, VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT))
        return "the surface's images cannot be sampled";
    return NULL;
}

/* NULL: it can be captured. Else why not. */
static const char *judge(const fr_layer_device *device, const VkSwapchainCreateInfoKHR *info,
                         VkImageUsageFlags usages, fr_layer_plan *plan)
{
    *plan = fr_layer_plan_for(info->imageFormat, info->imageColorSpace);
    if (fr_layer_device_is_unfit(device))
        return "its device cannot be used";
    if (plan->way == FR_LAYER_PASS)
        return fr_layer_plan_fault(info->imageColorSpace);
    if (info->flags & VK_SWAPCHAIN_CREATE_PROTECTED_BIT_KHR)
        return "its images are protected";
    if (info->presentMode == VK_PRESENT_MODE_SHARED_DEMAND_REFRESH_KHR ||
        info->presentMode == VK_PRESENT_MODE_SHARED_CONTINUOUS_REFRESH_KHR)
        return "it shares one image with the display";
    if (info->imageExtent.width > FR_SIZE_MAX || info->imageExtent.height > FR_SIZE_MAX)
        return "it is too large";
    if (plan->way == FR_LAYER_BLIT && !(can(device, info->imageFormat, VK_FORMAT_FEATURE_BLIT_SRC_BIT) &&
                                        can(device, plan->image_format, VK_FORMAT_FEATURE_BLIT_DST_BIT)))
        return "the device cannot convert its format";
    if (!(usages & VK_IMAGE_USAGE_TRANSFER_SRC_BIT))
        return "its surface does not let its images be copied";
    return NULL;
}

static void destroy(fr_layer_swapchain *swapchain)
{
    const fr_layer_device *device = swapchain->device;
    for (uint32_t i = 0; i < FR_LAYER_IMAGES_MAX; i++)
        device->vk.DestroySemaphore(device->handle, swapchain->copied[i], NULL);
    pthread_mutex_destroy(&swapchain->hdr_mutex);
    free(swapchain);
}

/* NULL: it passes through. */
static fr_layer_swapchain *make(fr_layer_device *device, const VkSwapchainCreateInfoKHR *info,
                                const fr_layer_plan *plan, const char *unsampled, VkSwapchainKHR handle)
{
    const VkSemaphoreCreateInfo binary = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    fr_layer_swapchain *swapchain = calloc(1, sizeof(*swapchain));
    if (!swapchain)
        return NULL;
    swapchain->device = device;
    swapchain->handle = handle;
    swapchain->width = info->imageExtent.width;
    swapchain->height = info->imageExtent.height;
    swapchain->plan = *plan;
    swapchain->format = info->imageFormat;
    swapchain->not_sampled = unsampled;
    pthread_mutex_init(&swapchain->hdr_mutex, NULL);
    swapchain->num_images = FR_LAYER_IMAGES_MAX;
    bool done = device->vk.GetSwapchainImagesKHR(device->handle, handle, &swapchain->num_images,
                                                 swapchain->image) == VK_SUCCESS;
    for (uint32_t i = 0; done && i < swapchain->num_images; i++)
        done = device->vk.CreateSemaphore(device->handle, &binary, NULL, &swapchain->copied[i]) == VK_SUCCESS;
    if (!done) {
        fr_layer_say("a swapchain of %ux%u is not captured: out of memory, or it has too many images",
                     swapchain->width, swapchain->height);
        destroy(swapchain);
        return NULL;
    }
    pthread_rwlock_wrlock(&lock);
    swapchain->next = swapchains;
    swapchains = swapchain;
    pthread_rwlock_unlock(&lock);
    return swapchain;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateSwapchainKHR(VkDevice handle,
                                                           const VkSwapchainCreateInfoKHR *info,
                                                           const VkAllocationCallbacks *allocator,
                                                           VkSwapchainKHR *out)
{
    fr_layer_device *device = fr_layer_device_of(handle);
    fr_layer_swapchain *old = info->oldSwapchain ? fr_layer_swapchain_of(device, info->oldSwapchain) : NULL;
    VkSwapchainCreateInfoKHR own = *info;
    fr_layer_plan plan;
    const VkImageUsageFlags usages = usages_of(device, info);
    const char *fault = judge(device, info, usages, &plan), *unsampled = not_sampled(device, info, usages);
    if (!fault)
        own.imageUsage |=
            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | (unsampled ? 0 : (VkFlags)VK_IMAGE_USAGE_SAMPLED_BIT);
    VkResult result = device->vk.CreateSwapchainKHR(handle, fault ? info : &own, allocator, out);
    if (result < 0 && !fault) {
        /* Retired by the failure, or not: below it is known. */
        fault = "its images cannot be made so that they can be copied";
        result = device->vk.CreateSwapchainKHR(handle, info, allocator, out);
    }
    if (result < 0)
        return result;
    if (fault)
        fr_layer_say("a swapchain of %ux%u (VkFormat %d, VkColorSpaceKHR %d) is not captured: %s",
                     info->imageExtent.width, info->imageExtent.height, (int)info->imageFormat,
                     (int)info->imageColorSpace, fault);
    fr_layer_swapchain *made = fault ? NULL : make(device, info, &plan, unsampled, *out);
    if (old)
        fr_layer_feed_replace(old, made);
    return result;
}

VKAPI_ATTR void VKAPI_CALL fr_layer_DestroySwapchainKHR(VkDevice handle, VkSwapchainKHR swapchain_handle,
                                                        const VkAllocationCallbacks *allocator)
{
    fr_layer_device *device = fr_layer_device_of(handle);
    fr_layer_swapchain *swapchain = swapchain_handle ? take_out(device, swapchain_handle) : NULL;
    if (swapchain)
        fr_layer_feed_leave(swapchain);
    device->vk.DestroySwapchainKHR(handle, swapchain_handle, allocator);
    if (swapchain)
        destroy(swapchain);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_SetHdrMetadataEXT(VkDevice handle, uint32_t num,
                                                      const VkSwapchainKHR *handles,
                                                      const VkHdrMetadataEXT *metadata)
{
    const fr_layer_device *device = fr_layer_device_of(handle);
    device->vk.SetHdrMetadataEXT(handle, num, handles, metadata);
    for (uint32_t i = 0; i < num; i++) {
        fr_layer_swapchain *swapchain = fr_layer_swapchain_of(device, handles[i]);
        if (!swapchain)
            continue;
        pthread_mutex_lock(&swapchain->hdr_mutex);
        swapchain->has_hdr = true;
        swapchain->hdr = fr_layer_hdr_metadata(&metadata[i]);
        pthread_mutex_unlock(&swapchain->hdr_mutex);
        atomic_store_explicit(&swapchain->hdr_changed, true, memory_order_release);
        fr_layer_feed_wake(swapchain);
    }
}
