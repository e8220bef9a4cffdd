/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "second.h"
#include "turn.h"

#include <stdio.h>
#include <stdlib.h>

enum { IMAGES_MAX = 8 };

static second_place place;
static VkSurfaceKHR surface;
static VkSwapchainKHR swapchain;
static VkImage images[IMAGES_MAX];
static VkSemaphore acquired, cleared[IMAGES_MAX];
static VkFence fence;
static VkCommandBuffer commands;

static void must(VkResult result, const char *what)
{
    if (result == VK_SUCCESS)
        return;
    fprintf(stderr, "presenter: second window: %s: VkResult %d\n", what, (int)result);
    exit(1);
}

static void make_swapchain(VkFormat format, uint32_t width, uint32_t height)
{
    const VkHeadlessSurfaceCreateInfoEXT surface_info = {
        .sType = VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT};
    const PFN_vkCreateHeadlessSurfaceEXT create =
        (PFN_vkCreateHeadlessSurfaceEXT)vkGetInstanceProcAddr(place.instance, "vkCreateHeadlessSurfaceEXT");
    VkSurfaceCapabilitiesKHR capabilities;
    VkSurfaceFormatKHR formats[64];
    VkPresentModeKHR modes[8];
    VkBool32 shown;
    uint32_t num_formats = 64, num_modes = 8, num_images = 0;
    must(create(place.instance, &surface_info, NULL, &surface), "vkCreateHeadlessSurfaceEXT");
    must(vkGetPhysicalDeviceSurfaceSupportKHR(place.physical_device, 0, surface, &shown), "surface support");
    must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(place.physical_device, surface, &capabilities),
         "capabilities");
    must(vkGetPhysicalDeviceSurfaceFormatsKHR(place.physical_device, surface, &num_formats, formats),
         "formats");
    must(vkGetPhysicalDeviceSurfacePresentModesKHR(place.physical_device, surface, &num_modes, modes),
         "modes");
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = surface,
        .minImageCount = capabilities.minImageCount,
        .imageFormat = format,
        .imageExtent = {width, height},
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .preTransform = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
    };
    must(vkCreateSwapchainKHR(place.device, &info, NULL, &swapchain), "vkCreateSwapchainKHR");
    must(vkGetSwapchainImagesKHR(place.device, swapchain, &num_images, NULL), "vkGetSwapchainImagesKHR");
    if (num_images > IMAGES_MAX)
        must(VK_INCOMPLETE, "too many images");
    must(vkGetSwapchainImagesKHR(place.device, swapchain, &num_images, images), "vkGetSwapchainImagesKHR");
}

void second_open(const second_place *where, VkFormat format, uint32_t width, uint32_t height)
{
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    const VkFenceCreateInfo signalled = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
                                         .flags = VK_FENCE_CREATE_SIGNALED_BIT};
    place = *where;
    make_swapchain(format, width, height);
    must(vkCreateSemaphore(place.device, &semaphore, NULL, &acquired), "vkCreateSemaphore");
    for (int i = 0; i < IMAGES_MAX; i++)
        must(vkCreateSemaphore(place.device, &semaphore, NULL, &cleared[i]), "vkCreateSemaphore");
    must(vkCreateFence(place.device, &signalled, NULL, &fence), "vkCreateFence");
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = place.pool,
        .commandBufferCount = 1,
    };
    must(vkAllocateCommandBuffers(place.device, &info, &commands), "vkAllocateCommandBuffers");
}

void second_show(void)
{
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    const VkClearColorValue colour = {.float32 = {0.0f, 0.0f, 1.0f, 1.0f}};
    const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    uint32_t image;
    must(vkWaitForFences(place.device, 1, &fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    must(vkResetFences(place.device, 1, &fence), "vkResetFences");
    must(vkAcquireNextImageKHR(place.device, swapchain, UINT64_MAX, acquired, VK_NULL_HANDLE, &image),
         "acquire");
    must(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
    turn_image(commands, images[image], VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0,
               VK_ACCESS_TRANSFER_WRITE_BIT);
    vkCmdClearColorImage(commands, images[image], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &colour, 1, &whole);
    turn_image(commands, images[image], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
               VK_ACCESS_TRANSFER_WRITE_BIT, 0);
    must(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &acquired,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &cleared[image],
    };
    must(vkQueueSubmit(place.queue, 1, &submit, fence), "vkQueueSubmit");
    const VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &cleared[image],
        .swapchainCount = 1,
        .pSwapchains = &swapchain,
        .pImageIndices = &image,
    };
    must(vkQueuePresentKHR(place.queue, &present), "vkQueuePresentKHR");
}

void second_close(void)
{
    if (!swapchain)
        return;
    vkDestroySwapchainKHR(place.device, swapchain, NULL);
    vkDestroySemaphore(place.device, acquired, NULL);
    for (int i = 0; i < IMAGES_MAX; i++)
        vkDestroySemaphore(place.device, cleared[i], NULL);
    vkDestroyFence(place.device, fence, NULL);
    vkDestroySurfaceKHR(place.instance, surface, NULL);
}
