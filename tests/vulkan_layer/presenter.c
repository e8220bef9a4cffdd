/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A Vulkan program for tests: presents the stamped pattern, or one colour, in a swapchain of any format and
 * colour space, on a surface without a window. It knows nothing of framering's ring. Its
 * options: options.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "cue.h"
#include "figures.h"
#include "options.h"
#include "second.h"
#include "turn.h"

#include "pattern/picture.h"

#include <framering/frame.h>
#include <framering/vulkan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vulkan/vulkan.h>

enum { IMAGES_MAX = 8, FLIGHT_MAX = 4 };

static VkInstance instance;
static VkPhysicalDevice physical_device;
static VkDevice device;
static VkQueue queue;
static VkSurfaceKHR surface;
static VkSwapchainKHR swapchain;
static uint32_t num_images;
static VkImage images[IMAGES_MAX];
static VkSemaphore rendered[IMAGES_MAX];
static VkCommandPool pool;

/* What a frame has for itself, o.flight of them in turns. */
static struct turn {
    VkSemaphore acquired;
    VkFence fence;
    VkCommandBuffer commands;
} turns[FLIGHT_MAX];

static VkBuffer buffer;
static VkDeviceMemory memory;
static void *pixels;
static fr_picture *picture;

static void die(const char *what)
{
    fprintf(stderr, "presenter: %s\n", what);
    exit(1);
}

/* The device is lost and will be made anew: from here on nothing of the frame is done. */
static bool is_lost;

static void must(VkResult result, const char *what)
{
    if (result == VK_ERROR_DEVICE_LOST && o.again) {
        is_lost = true;
        return;
    }
    if (result != VK_SUCCESS) {
        fprintf(stderr, "presenter: %s: VkResult %d\n", what, (int)result);
        exit(1);
    }
}

/* What is asked for in a chain, all of it off. */
static const VkPhysicalDeviceVulkan12Features constant12 = {
    .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
static const VkPhysicalDeviceFeatures2 constant2 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                                    .pNext = (void *)(uintptr_t)&constant12};
static VkPhysicalDeviceVulkan12Features writable12;
static VkPhysicalDeviceFeatures2 writable2;

static const void *features(void)
{
    writable12 = constant12;
    writable2 = constant2;
    writable2.pNext = &writable12;
    return o.features_constant ? &constant2 : o.features_writable ? &writable2 : NULL;
}

/* Whoever lies between has left them as they were. */
static void check_features(void)
{
    if (memcmp(&writable12, &constant12, sizeof(constant12)) != 0 ||
        memcmp(&writable2.features, &constant2.features, sizeof(constant2.features)) != 0)
        die("the program's own structures were changed");
}

static void make_instance(void)
{
    static const char *const of_instance[] = {VK_KHR_SURFACE_EXTENSION_NAME,
                                              VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME,
                                              VK_EXT_SWAPCHAIN_COLOR_SPACE_EXTENSION_NAME};
    static const VkApplicationInfo application = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                                  .apiVersion = VK_API_VERSION_1_2};
    /* In this order: the upper one first. */
    static const char *const layers[] = {"VK_LAYER_KHRONOS_validation", "VK_LAYER_FRAMERING_windowless"};
    const VkInstanceCreateInfo instance_info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = features() ? &application : NULL,
        .enabledLayerCount = o.validated ? 2 : 1,
        .ppEnabledLayerNames = o.validated ? layers : layers + 1,
        .enabledExtensionCount = 3,
        .ppEnabledExtensionNames = of_instance,
    };
    uint32_t num = 1;
    must(vkCreateInstance(&instance_info, NULL, &instance), "vkCreateInstance");
    if (vkEnumeratePhysicalDevices(instance, &num, &physical_device) < 0 || !num)
        die("no device");
}

static void make_device(void)
{
    static const char *const of_device[] = {VK_KHR_SWAPCHAIN_EXTENSION_NAME,
                                            VK_EXT_HDR_METADATA_EXTENSION_NAME,
                                            VK_KHR_INCREMENTAL_PRESENT_EXTENSION_NAME};
    const float priority = 1.0f;
    const VkDeviceQueueCreateInfo queue_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo device_info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = features(),
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue_info,
        .enabledExtensionCount = o.marks ? 3 : 2,
        .ppEnabledExtensionNames = of_device,
    };
    must(vkCreateDevice(physical_device, &device_info, NULL, &device), "vkCreateDevice");
    check_features();
    vkGetDeviceQueue(device, 0, 0, &queue);
    const VkHeadlessSurfaceCreateInfoEXT surface_info = {
        .sType = VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT};
    const PFN_vkCreateHeadlessSurfaceEXT create =
        (PFN_vkCreateHeadlessSurfaceEXT)vkGetInstanceProcAddr(instance, "vkCreateHeadlessSurfaceEXT");
    must(create(instance, &surface_info, NULL, &surface), "vkCreateHeadlessSurfaceEXT");
    VkBool32 shown;
    must(vkGetPhysicalDeviceSurfaceSupportKHR(physical_device, 0, surface, &shown), "surface support");
}

static void make_objects(void)
{
    const VkSemaphoreCreateInfo semaphore = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    const VkFenceCreateInfo signalled = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
                                         .flags = VK_FENCE_CREATE_SIGNALED_BIT};
    const VkCommandPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                               .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT};
    for (int i = 0; i < IMAGES_MAX; i++)
        must(vkCreateSemaphore(device, &semaphore, NULL, &rendered[i]), "vkCreateSemaphore");
    must(vkCreateCommandPool(device, &pool_info, NULL, &pool), "vkCreateCommandPool");
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = pool,
        .commandBufferCount = 1,
    };
    for (uint32_t i = 0; i < o.flight; i++) {
        must(vkCreateSemaphore(device, &semaphore, NULL, &turns[i].acquired), "vkCreateSemaphore");
        must(vkCreateFence(device, &signalled, NULL, &turns[i].fence), "vkCreateFence");
        must(vkAllocateCommandBuffers(device, &info, &turns[i].commands), "vkAllocateCommandBuffers");
    }
}

static uint32_t pixel_bytes(void)
{
    return o.format == VK_FORMAT_R16G16B16A16_SFLOAT ? 8 : o.format == VK_FORMAT_R5G6B5_UNORM_PACK16 ? 2 : 4;
}

static void make_buffer(void)
{
    const VkMemoryPropertyFlags wanted =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = (VkDeviceSize)o.width * o.height * pixel_bytes(),
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
    };
    VkPhysicalDeviceMemoryProperties types;
    VkMemoryRequirements needs;
    vkGetPhysicalDeviceMemoryProperties(physical_device, &types);
    must(vkCreateBuffer(device, &info, NULL, &buffer), "vkCreateBuffer");
    vkGetBufferMemoryRequirements(device, buffer, &needs);
    VkMemoryAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                     .allocationSize = needs.size};
    while (!(needs.memoryTypeBits & 1u << allocate.memoryTypeIndex) ||
           (types.memoryTypes[allocate.memoryTypeIndex].propertyFlags & wanted) != wanted)
        if (++allocate.memoryTypeIndex == types.memoryTypeCount)
            die("no memory that can be mapped");
    must(vkAllocateMemory(device, &allocate, NULL, &memory), "vkAllocateMemory");
    must(vkBindBufferMemory(device, buffer, memory, 0), "vkBindBufferMemory");
    must(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &pixels), "vkMapMemory");
}

/* The colour as the format's numbers, whatever they mean. */
static void paint_colour(void)
{
    const size_t num = (size_t)o.width * o.height;
    const float *c = o.colour;
    const uint32_t r = (uint32_t)(c[0] * 1023 + 0.5f), g = (uint32_t)(c[1] * 1023 + 0.5f),
                   b = (uint32_t)(c[2] * 1023 + 0.5f);
    for (size_t i = 0; i < num; i++) {
        if (o.format == VK_FORMAT_A2B10G10R10_UNORM_PACK32) {
            ((uint32_t *)pixels)[i] = 3u << 30 | b << 20 | g << 10 | r;
        } else if (o.format == VK_FORMAT_R16G16B16A16_SFLOAT) {
            /* 0, 0.5 and 1 only: enough for a test. */
            for (int k = 0; k < 3; k++)
                ((uint16_t *)pixels)[4 * i + (size_t)k] = c[k] < 0.25f ? 0 : c[k] < 0.75f ? 0x3800 : 0x3c00;
            ((uint16_t *)pixels)[4 * i + 3] = 0x3c00;
        } else if (o.format == VK_FORMAT_R5G6B5_UNORM_PACK16) {
            ((uint16_t *)pixels)[i] = (uint16_t)(r >> 5 << 11 | g >> 4 << 5 | b >> 5);
        } else {
            ((uint32_t *)pixels)[i] = 255u << 24 | r >> 2 << 16 | g >> 2 << 8 | b >> 2;
        }
    }
}

static void paint_bytes(void)
{
    const size_t num = (size_t)o.width * o.height * pixel_bytes();
    for (size_t i = 0; i < num; i++)
        ((uint8_t *)pixels)[i] = (uint8_t)(i * 37 + i / 1024 * 11);
}

static void make_picture(void)
{
    const bool hdr = o.space != VK_COLOR_SPACE_SRGB_NONLINEAR_KHR;
    if (o.one_colour || o.bytes) {
        o.bytes ? paint_bytes() : paint_colour();
        return;
    }
    memset(pixels, 0, (size_t)o.width * o.height * pixel_bytes());
    if (o.marks)
        return;
    picture = fr_picture_create(o.width, o.height, fr_vulkan_format((uint32_t)o.format),
                                hdr ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR);
    if (!picture)
        die("no memory for a picture");
}

static void drop_picture(void)
{
    fr_picture_destroy(&picture);
    vkDestroyBuffer(device, buffer, NULL);
    vkFreeMemory(device, memory, NULL);
}

static void set_hdr_metadata(void)
{
    const PFN_vkSetHdrMetadataEXT set =
        (PFN_vkSetHdrMetadataEXT)vkGetDeviceProcAddr(device, "vkSetHdrMetadataEXT");
    const VkHdrMetadataEXT metadata = {
        .sType = VK_STRUCTURE_TYPE_HDR_METADATA_EXT,
        .displayPrimaryRed = {0.680f, 0.320f},
        .displayPrimaryGreen = {0.265f, 0.690f},
        .displayPrimaryBlue = {0.150f, 0.060f},
        .whitePoint = {0.3127f, 0.3290f},
        .maxLuminance = (float)o.nits,
        .minLuminance = 0.001f,
        .maxContentLightLevel = (float)o.nits,
        .maxFrameAverageLightLevel = 300.0f,
    };
    if (!set)
        die("no vkSetHdrMetadataEXT");
    set(device, 1, &swapchain, &metadata);
}

/* As programs do at a resize: the new one replaces the old, which is destroyed then. */
static void make_swapchain(void)
{
    const VkSwapchainKHR old = swapchain;
    VkSurfaceCapabilitiesKHR capabilities;
    must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(physical_device, surface, &capabilities), "capabilities");
    VkSurfaceFormatKHR formats[64];
    VkPresentModeKHR modes[8];
    uint32_t num = 64, num_modes = 8;
    must(vkGetPhysicalDeviceSurfaceFormatsKHR(physical_device, surface, &num, formats), "formats");
    must(vkGetPhysicalDeviceSurfacePresentModesKHR(physical_device, surface, &num_modes, modes), "modes");
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = surface,
        .minImageCount = capabilities.minImageCount,
        .imageFormat = o.format,
        .imageColorSpace = o.space,
        .imageExtent = {o.width, o.height},
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .preTransform = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
        .oldSwapchain = old,
    };
    must(vkCreateSwapchainKHR(device, &info, NULL, &swapchain), "vkCreateSwapchainKHR");
    if (old)
        vkDestroySwapchainKHR(device, old, NULL);
    num_images = 0;
    must(vkGetSwapchainImagesKHR(device, swapchain, &num_images, NULL), "vkGetSwapchainImagesKHR");
    if (num_images > IMAGES_MAX)
        die("too many images");
    must(vkGetSwapchainImagesKHR(device, swapchain, &num_images, images), "vkGetSwapchainImagesKHR");
    if (o.nits)
        set_hdr_metadata();
}

static void resize(uint32_t width, uint32_t height)
{
    must(vkDeviceWaitIdle(device), "vkDeviceWaitIdle");
    drop_picture();
    o.width = width;
    o.height = height;
    make_swapchain();
    make_buffer();
    make_picture();
}

static void resize_if_due(uint32_t frame)
{
    static uint32_t next;
    for (uint32_t i = 0; i < o.num_resizes; i++)
        if (o.resize[i].at == frame)
            resize(o.resize[i].width, o.resize[i].height);
    while (next < o.num_resizes && o.resize[next].at)
        next++;
    if (next == o.num_resizes || !cue_take())
        return;
    resize(o.resize[next].width, o.resize[next].height);
    next++;
}

static void draw(uint32_t frame)
{
    const fr_slot slot = {
        .pixels = pixels,
        .pitch_bytes = (size_t)o.width * pixel_bytes(),
        .width = o.width,
        .height = o.height,
        .format = fr_vulkan_format((uint32_t)o.format),
    };
    const uint64_t now_ns = fr_clock_now_ns();
    const fr_stamp stamp = {.sequence = frame, .generation = 1, .time_us = now_ns / 1000};
    if (picture)
        fr_picture_draw(picture, &slot, &stamp, now_ns, FR_PICTURE_WHOLE);
}

/* The blocks that frame adds. */
static void mark(uint32_t frame, VkRectLayerKHR rects[2])
{
    const uint32_t place = frame % 240, side = 16, x = place % 20 * side, y = place / 20 * side;
    const uint32_t at[2][2] = {{x, y}, {o.width - side - x, o.height - side - y}};
    for (int i = 0; i < 2; i++) {
        rects[i] = (VkRectLayerKHR){.offset = {(int32_t)at[i][0], (int32_t)at[i][1]}, .extent = {side, side}};
        for (uint32_t row = at[i][1]; row < at[i][1] + side; row++)
            memset((uint8_t *)pixels + ((size_t)row * o.width + at[i][0]) * pixel_bytes(), 0xff,
                   side * pixel_bytes());
    }
}

/* Something for the GPU to do, one after the other. */
static void work(VkImage image, VkCommandBuffer commands)
{
    const VkClearColorValue colour = {.float32 = {0.2f, 0.4f, 0.6f, 1.0f}};
    const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    for (uint32_t i = 0; i < o.work; i++) {
        vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &colour, 1, &whole);
        turn_image(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                   VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_ACCESS_TRANSFER_WRITE_BIT,
                   VK_ACCESS_TRANSFER_WRITE_BIT);
    }
}

static void show(uint32_t frame)
{
    const struct turn *turn = &turns[frame % o.flight];
    const VkCommandBuffer commands = turn->commands;
    VkRectLayerKHR rects[2];
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    const VkBufferImageCopy region = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                      .imageExtent = {o.width, o.height, 1}};
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    uint32_t image;
    must(vkWaitForFences(device, 1, &turn->fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    must(vkResetFences(device, 1, &turn->fence), "vkResetFences");
    must(vkAcquireNextImageKHR(device, swapchain, UINT64_MAX, turn->acquired, VK_NULL_HANDLE, &image),
         "acquire");
    if (is_lost)
        return;
    draw(frame);
    if (o.marks)
        mark(frame, rects);
    must(vkBeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
    turn_image(commands, images[image], VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0,
               VK_ACCESS_TRANSFER_WRITE_BIT);
    work(images[image], commands);
    vkCmdCopyBufferToImage(commands, buffer, images[image], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    turn_image(commands, images[image], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
               VK_ACCESS_TRANSFER_WRITE_BIT, 0);
    must(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &turn->acquired,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &commands,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &rendered[image],
    };
    must(vkQueueSubmit(queue, 1, &submit, turn->fence), "vkQueueSubmit");
    const VkPresentRegionKHR changed = {2, rects};
    const VkPresentRegionsKHR regions = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_REGIONS_KHR, .swapchainCount = 1, .pRegions = &changed};
    const VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .pNext = o.marks ? &regions : NULL,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &rendered[image],
        .swapchainCount = 1,
        .pSwapchains = &swapchain,
        .pImageIndices = &image,
    };
    if (is_lost)
        return;
    const uint64_t begin_ns = fr_clock_now_ns();
    must(vkQueuePresentKHR(queue, &present), "vkQueuePresentKHR");
    figures_note(frame, begin_ns);
}

static bool second_is_due(uint32_t frame)
{
    static bool told;
    if (!o.second_width || o.second_first)
        return o.second_width && frame >= o.second_first && frame <= o.second_last;
    if (cue_take())
        told = !told;
    return told;
}

static void show_second(uint32_t frame)
{
    static bool open;
    const second_place place = {instance, physical_device, device, queue, pool};
    if (!second_is_due(frame))
        return;
    if (!open)
        second_open(&place, o.format, o.second_width, o.second_height);
    open = true;
    second_show();
}

static void destroy_device(void)
{
    vkDeviceWaitIdle(device);
    second_close();
    drop_picture();
    vkDestroySwapchainKHR(device, swapchain, NULL);
    for (uint32_t i = 0; i < o.flight; i++) {
        vkDestroySemaphore(device, turns[i].acquired, NULL);
        vkDestroyFence(device, turns[i].fence, NULL);
    }
    for (int i = 0; i < IMAGES_MAX; i++)
        vkDestroySemaphore(device, rendered[i], NULL);
    vkDestroyCommandPool(device, pool, NULL);
    vkDestroyDevice(device, NULL);
    vkDestroySurfaceKHR(instance, surface, NULL);
}

static void make_all(void)
{
    make_device();
    make_objects();
    make_swapchain();
    make_buffer();
    make_picture();
}

static void show_again(uint32_t frame)
{
    const uint64_t begin_ns = fr_clock_now_ns();
    is_lost = false;
    if (!o.keep)
        destroy_device();
    swapchain = VK_NULL_HANDLE;
    is_lost = false;
    printf("lost at frame %u, gone after %u ms\n", frame,
           (uint32_t)((fr_clock_now_ns() - begin_ns) / 1000000));
    figures_say_open("without a device");
    make_all();
    show(frame);
}

/* The number of the last frame. */
static uint32_t show_frames(void)
{
    uint64_t due_ns = fr_clock_now_ns();
    uint32_t frame = 0;
    bool told = false;
    while (frame < o.frames && !told) {
        resize_if_due(++frame);
        show(frame);
        if (is_lost)
            show_again(frame);
        show_second(frame);
        const uint64_t now_ns = fr_clock_now_ns();
        due_ns = o.fps ? due_ns + 1000000000u / o.fps : now_ns;
        due_ns = due_ns > now_ns ? due_ns : now_ns;
        told = cue_sleep(due_ns - now_ns);
    }
    return frame;
}

int main(int argc, char **argv)
{
    const char *fault = options_read(argc, argv);
    if (fault)
        die(fault);
    cue_begin();
    make_instance();
    make_all();
    if (!figures_begin(o.frames, o.times))
        die("the file of times cannot be written");
    printf("presented %u\n", show_frames());
    fflush(stdout);
    cue_sleep(o.linger_s * UINT64_C(1000000000));
    if (!o.bare_exit) {
        destroy_device();
        vkDestroyInstance(instance, NULL);
    }
    figures_say();
    return 0;
}
