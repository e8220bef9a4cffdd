/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which swapchains are captured, and what their images are made for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/feed.h"
#include "vulkan-layer/objects.h"
#include "vulkan-layer/settings.h"

/* Stands for any handle. */
#define HANDLE(type, number) ((type)(uintptr_t)(number))
#define SWAPCHAIN HANDLE(VkSwapchainKHR, 11)

static const VkImageUsageFlags drawn = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
                               copied = VK_IMAGE_USAGE_TRANSFER_SRC_BIT, sampled = VK_IMAGE_USAGE_SAMPLED_BIT;

static VkImageUsageFlags usages;
static VkResult usages_result;
static VkFormatFeatureFlags features;
static uint32_t num_created, num_sentences;
static VkSwapchainCreateInfoKHR created; /* last */

/* ---- what lies below ---- */

static VKAPI_ATTR VkResult VKAPI_CALL get_surface(VkPhysicalDevice physical, VkSurfaceKHR surface,
                                                  VkSurfaceCapabilitiesKHR *out)
{
    (void)physical, (void)surface;
    *out = (VkSurfaceCapabilitiesKHR){.supportedUsageFlags = usages};
    return usages_result;
}

static VKAPI_ATTR void VKAPI_CALL get_format(VkPhysicalDevice physical, VkFormat format,
                                             VkFormatProperties *out)
{
    (void)physical, (void)format;
    *out = (VkFormatProperties){.optimalTilingFeatures = features};
}

static VKAPI_ATTR VkResult VKAPI_CALL create_swapchain(VkDevice handle, const VkSwapchainCreateInfoKHR *info,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkSwapchainKHR *out)
{
    (void)handle, (void)allocator;
    num_created++;
    created = *info;
    *out = SWAPCHAIN;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_swapchain(VkDevice handle, VkSwapchainKHR swapchain,
                                                    const VkAllocationCallbacks *allocator)
{
    (void)handle, (void)swapchain, (void)allocator;
}

static VKAPI_ATTR VkResult VKAPI_CALL get_images(VkDevice handle, VkSwapchainKHR swapchain, uint32_t *num,
                                                 VkImage *out)
{
    (void)handle, (void)swapchain;
    *num = 1;
    *out = HANDLE(VkImage, 12);
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL create_semaphore(VkDevice handle, const VkSemaphoreCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkSemaphore *out)
{
    (void)handle, (void)info, (void)allocator;
    *out = HANDLE(VkSemaphore, 13);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_semaphore(VkDevice handle, VkSemaphore semaphore,
                                                    const VkAllocationCallbacks *allocator)
{
    (void)handle, (void)semaphore, (void)allocator;
}

/* ---- the layer's other parts ---- */

static fr_layer_instance instance;
static fr_layer_device device;

fr_layer_device *fr_layer_device_of(const void *dispatchable)
{
    (void)dispatchable;
    return &device;
}

void fr_layer_feed_replace(fr_layer_swapchain *from, fr_layer_swapchain *to)
{
    (void)from, (void)to;
}

void fr_layer_feed_leave(fr_layer_swapchain *swapchain)
{
    (void)swapchain;
}

void fr_layer_feed_wake(fr_layer_swapchain *swapchain)
{
    (void)swapchain;
}

void fr_layer_say(const char *format, ...)
{
    (void)format;
    num_sentences++;
}

/* ---- tests ---- */

static int set_up(void **state)
{
    (void)state;
    usages = drawn | copied | sampled;
    usages_result = VK_SUCCESS;
    features = VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT;
    num_created = num_sentences = 0;
    instance = (fr_layer_instance){.vk = {.GetPhysicalDeviceFormatProperties = get_format,
                                          .GetPhysicalDeviceSurfaceCapabilitiesKHR = get_surface}};
    device = (fr_layer_device){.instance = &instance,
                               .storage_image_write_without_format = true,
                               .vk = {.CreateSwapchainKHR = create_swapchain,
                                      .DestroySwapchainKHR = destroy_swapchain,
                                      .GetSwapchainImagesKHR = get_images,
                                      .CreateSemaphore = create_semaphore,
                                      .DestroySemaphore = destroy_semaphore}};
    return 0;
}

/* What its images are made for, whether it is captured, and, if so, whether by a shader. */
static void expect(VkImageUsageFlags made_for, bool captured, bool by_shader)
{
    const VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .imageFormat = VK_FORMAT_B8G8R8A8_UNORM,
        .imageColorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,
        .imageExtent = {64, 32},
        .imageUsage = drawn,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
    };
    VkSwapchainKHR made = VK_NULL_HANDLE;
    assert_int_equal(fr_layer_CreateSwapchainKHR(NULL, &info, NULL, &made), VK_SUCCESS);
    assert_ptr_equal(made, SWAPCHAIN);
    assert_int_equal(num_created, 1);
    assert_int_equal(created.imageUsage, made_for);
    const fr_layer_swapchain *known = fr_layer_swapchain_of(&device, made);
    assert_int_equal(known != NULL, captured);
    assert_int_equal(num_sentences, captured ? 0 : 1);
    if (known)
        assert_int_equal(!known->not_sampled, by_shader);
    fr_layer_DestroySwapchainKHR(NULL, made, NULL);
    assert_null(fr_layer_swapchain_of(&device, made));
}

static void test_copied_and_sampled(void **state)
{
    (void)state;
    expect(drawn | copied | sampled, true, true);
}

static void test_a_surface_that_is_not_sampled(void **state)
{
    (void)state;
    usages = drawn | copied;
    expect(drawn | copied, true, false);
}

static void test_a_format_that_is_not_sampled(void **state)
{
    (void)state;
    features = 0;
    expect(drawn | copied, true, false);
}

static void test_a_device_that_cannot_write_without_format(void **state)
{
    (void)state;
    device.storage_image_write_without_format = false;
    expect(drawn | copied, true, false);
}

static void test_a_surface_that_is_not_copied(void **state)
{
    (void)state;
    usages = drawn | sampled;
    expect(drawn, false, false);
}

static void test_a_surface_that_says_nothing(void **state)
{
    (void)state;
    usages_result = VK_ERROR_SURFACE_LOST_KHR;
    expect(drawn, false, false);
}

/* The function is not there below. */
static void test_surfaces_that_cannot_be_asked(void **state)
{
    (void)state;
    instance.vk.GetPhysicalDeviceSurfaceCapabilitiesKHR = NULL;
    expect(drawn, false, false);
}

static void test_a_device_that_is_unfit(void **state)
{
    (void)state;
    fr_layer_device_set_unfit(&device);
    expect(drawn, false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_copied_and_sampled, set_up),
        cmocka_unit_test_setup(test_a_surface_that_is_not_sampled, set_up),
        cmocka_unit_test_setup(test_a_format_that_is_not_sampled, set_up),
        cmocka_unit_test_setup(test_a_device_that_cannot_write_without_format, set_up),
        cmocka_unit_test_setup(test_a_surface_that_is_not_copied, set_up),
        cmocka_unit_test_setup(test_a_surface_that_says_nothing, set_up),
        cmocka_unit_test_setup(test_surfaces_that_cannot_be_asked, set_up),
        cmocka_unit_test_setup(test_a_device_that_is_unfit, set_up),
    };
    return cmocka_run_group_tests_name("vulkan layer swapchain", tests, NULL, NULL);
}
