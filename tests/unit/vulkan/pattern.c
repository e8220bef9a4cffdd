/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * The pattern source on a device that is lost or hangs at any call, and pushes that end in each way: it knows
 * whether its semaphore was waited for, waits for nothing without a bound, and says what became of its GPU.
 * The library is a script here, the device is real.
 */
#define _GNU_SOURCE
#include "pattern/gpu.h"
#include "pattern/gpu_vulkan.h"

#include <framering/vulkan.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 96, HEIGHT = 70, FRAMES = 3, CALLS_MAX = 60 };

static const uint64_t longest_wait_ns = 5 * FR_NS_PER_S;

static struct {
    fr_gpu_vulkan *vk;  /* the pattern's own, whose calls are ours */
    fr_gpu_vulkan real; /* of before */
    unsigned until_lost, until_refused, signals, waits;
    bool lost, hanging, refused, destroyed;
    /* The library's: all; those that our last fence is behind; those that were waited for so. */
    unsigned copies, covered, done;
    uint64_t asked_ns; /* in the last wait that hung */
    fr_status push;
    VkImage slot;
    VkDeviceMemory slot_memory;
} t;

/* ---- the device ---- */

static void wait_idle(void)
{
    const PFN_vkDeviceWaitIdle wait =
        (PFN_vkDeviceWaitIdle)t.real.GetDeviceProcAddr(t.real.device, "vkDeviceWaitIdle");
    assert_int_equal(wait(t.real.device), VK_SUCCESS);
}

/* A device that is lost has nothing under way. */
static bool is_lost(void)
{
    if (t.until_lost && !--t.until_lost) {
        wait_idle();
        t.lost = true;
    }
    return t.lost;
}

static bool is_refused(void)
{
    if (!t.until_refused || --t.until_refused)
        return false;
    t.refused = true;
    return true;
}

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t num, const VkSubmitInfo *infos,
                                             VkFence fence)
{
    if (is_lost())
        return VK_ERROR_DEVICE_LOST;
    if (is_refused())
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    for (uint32_t i = 0; i < num; i++) {
        t.waits += infos[i].waitSemaphoreCount;
        t.signals += infos[i].signalSemaphoreCount;
    }
    /* One that is signalled is not signalled again, one that is not, not waited for. */
    assert_in_range(t.signals, t.waits, t.waits + 1);
    if (fence)
        t.covered = t.copies;
    return t.real.QueueSubmit(queue, num, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_for(VkDevice device, uint32_t num, const VkFence *fences,
                                               VkBool32 all, uint64_t timeout_ns)
{
    assert_in_range(timeout_ns, 0, longest_wait_ns);
    if (is_lost())
        return VK_ERROR_DEVICE_LOST;
    if (t.hanging) {
        t.asked_ns = timeout_ns;
        return VK_TIMEOUT;
    }
    const VkResult result = t.real.WaitForFences(device, num, fences, all, timeout_ns);
    if (result == VK_SUCCESS)
        t.done = t.covered;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
    return is_refused() ? VK_ERROR_OUT_OF_DEVICE_MEMORY : t.real.AllocateMemory(device, info, allocator, out);
}

/* The library's copies read it. */
static VKAPI_ATTR void VKAPI_CALL destroy_image(VkDevice device, VkImage image,
                                                const VkAllocationCallbacks *allocator)
{
    assert_true(t.lost || t.done == t.copies);
    t.real.DestroyImage(device, image, allocator);
}

static VKAPI_ATTR void VKAPI_CALL destroy_device(VkDevice device, const VkAllocationCallbacks *allocator)
{
    t.destroyed = true;
    t.real.DestroyDevice(device, allocator);
}

/* The linker calls the first where the pattern calls the second without its prefix. */
bool __wrap_fr_gpu_vulkan_init(fr_gpu_vulkan *vk, const char *name, const fr_program *program);
bool __real_fr_gpu_vulkan_init(fr_gpu_vulkan *vk, const char *name, const fr_program *program);

bool __wrap_fr_gpu_vulkan_init(fr_gpu_vulkan *vk, const char *name, const fr_program *program)
{
    if (!__real_fr_gpu_vulkan_init(vk, name, program))
        return false;
    t.vk = vk;
    t.real = *vk;
    vk->QueueSubmit = submit;
    vk->WaitForFences = wait_for;
    vk->AllocateMemory = allocate;
    vk->DestroyImage = destroy_image;
    vk->DestroyDevice = destroy_device;
    return true;
}

/* ---- the library ---- */

const char *const *fr_vulkan_source_extensions(void)
{
    static const char *const none[] = {NULL};
    return none;
}

/* With FR_OK and FR_TIMEOUT a copy is under way that waits for the semaphores. */
fr_status fr_source_push_vulkan(fr_source *source, const fr_vulkan_image *image, const fr_publish_info *info)
{
    (void)source, (void)info;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    assert_int_equal(image->num_wait, 1);
    const VkSemaphore wait = (VkSemaphore)(uintptr_t)image->wait[0];
    if (t.push != FR_OK && t.push != FR_TIMEOUT)
        return t.push;
    const VkSubmitInfo copy = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &wait,
        .pWaitDstStageMask = &stage,
    };
    const VkResult result = t.vk->QueueSubmit(t.vk->queue, 1, &copy, VK_NULL_HANDLE);
    t.copies += result == VK_SUCCESS;
    if (result == VK_SUCCESS)
        return t.push;
    return result == VK_ERROR_DEVICE_LOST ? FR_ERR_DEVICE_LOST : FR_ERR_NO_MEMORY;
}

fr_status fr_source_vulkan_slot(const fr_source *source, const fr_slot *slot, fr_vulkan_slot *out)
{
    (void)source, (void)slot;
    *out = (fr_vulkan_slot){.image = (uint64_t)(uintptr_t)t.slot, .queue_family = VK_QUEUE_FAMILY_IGNORED};
    return FR_OK;
}

/* ---- the pattern ---- */

static fr_gpu *make_gpu(void)
{
    static const fr_program program = {.name = "test"};
    const fr_gpu_options options = {.wanted = true, .name = getenv("FRAMERING_TEST_GPU")};
    fr_gpu *gpu;
    memset(&t, 0, sizeof(t));
    assert_true(fr_gpu_create(&gpu, &options, &program));
    assert_non_null(gpu);
    assert_int_equal(
        fr_gpu_vulkan_image(&t.real, VK_FORMAT_B8G8R8A8_UNORM, WIDTH, HEIGHT, &t.slot, &t.slot_memory),
        VK_SUCCESS);
    return gpu;
}

/* All that was made on the device goes with it, or the validation layer speaks. */
static void destroy_gpu(fr_gpu **gpu)
{
    t.real.DestroyImage(t.real.device, t.slot, NULL);
    t.real.FreeMemory(t.real.device, t.slot_memory, NULL);
    fr_gpu_destroy(gpu);
    assert_null(*gpu);
    assert_true(t.destroyed);
}

static fr_status draw(fr_gpu *gpu, uint32_t width)
{
    fr_slot slot = {.width = width, .height = HEIGHT, .format = FR_FORMAT_BGRA8};
    const fr_status status = fr_gpu_canvas(gpu, &slot);
    if (status == FR_OK)
        memset(slot.pixels, (int)width, slot.pitch_bytes * HEIGHT);
    return status;
}

static fr_status push(fr_gpu *gpu, uint32_t width)
{
    const fr_status status = draw(gpu, width);
    return status == FR_OK ? fr_gpu_push(gpu, NULL, NULL) : status;
}

static fr_status fill_slot(fr_gpu *gpu)
{
    const fr_slot slot = {0};
    const fr_status status = draw(gpu, WIDTH);
    return status == FR_OK ? fr_gpu_upload(gpu, NULL, &slot, true) : status;
}

/* Frames of two sizes, of which some are drawn into slots; the first that is not FR_OK. */
static fr_status flow(fr_gpu *gpu)
{
    fr_status status = FR_OK;
    for (unsigned i = 0; i < FRAMES && status == FR_OK; i++)
        status = push(gpu, WIDTH / 2);
    for (unsigned i = 0; i < FRAMES && status == FR_OK; i++)
        status = i % 2 ? fill_slot(gpu) : push(gpu, WIDTH);
    return status;
}

/* ---- tests ---- */

static void a_push_is_what_uses_the_semaphore(void **state)
{
    (void)state;
    static const fr_status ends[] = {
        FR_OK,    FR_TIMEOUT,    FR_OK,      FR_AGAIN, FR_ERR_SYSTEM,    FR_OK,
        FR_AGAIN, FR_AGAIN,      FR_TIMEOUT, FR_OK,    FR_ERR_NO_MEMORY, FR_TIMEOUT,
        FR_OK,    FR_ERR_SYSTEM, FR_TIMEOUT, FR_AGAIN, FR_ERR_NO_MEMORY};
    fr_gpu *gpu = make_gpu();
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        t.push = ends[i];
        assert_int_equal(push(gpu, WIDTH), ends[i]);
        const bool used = ends[i] == FR_OK || ends[i] == FR_TIMEOUT;
        assert_int_equal(t.signals - t.waits, !used);
    }
    destroy_gpu(&gpu);
}

static void a_device_that_is_lost_is_told_at_each_call(void **state)
{
    (void)state;
    unsigned nth = 0;
    for (bool lost = true; lost; nth++) {
        assert_in_range(nth, 0, CALLS_MAX);
        fr_gpu *gpu = make_gpu();
        t.until_lost = nth + 1;
        const fr_status status = flow(gpu);
        lost = t.lost;
        assert_int_equal(status, lost ? FR_ERR_DEVICE_LOST : FR_OK);
        if (lost)
            assert_int_equal(push(gpu, WIDTH), FR_ERR_DEVICE_LOST);
        destroy_gpu(&gpu);
    }
    print_message("lost at each of %u calls\n", nth - 1);
    assert_in_range(nth, 4 * FRAMES, CALLS_MAX);
}

/* What it may still use stays where it is; the layer would see it go. */
static void a_device_that_hangs_is_as_lost(void **state)
{
    (void)state;
    for (unsigned turn = 0; turn < 3; turn++) {
        fr_gpu *gpu = make_gpu();
        assert_int_equal(push(gpu, WIDTH), FR_OK);
        t.hanging = true;
        if (turn < 2)
            assert_int_equal(push(gpu, turn ? WIDTH / 2 : WIDTH), FR_ERR_DEVICE_LOST);
        fr_gpu *kept = gpu;
        fr_gpu_destroy(&gpu);
        assert_null(gpu);
        assert_false(t.destroyed);
        /* It had its time before. */
        assert_int_equal(t.asked_ns, turn < 2 ? 0 : longest_wait_ns);
        t.hanging = false;
        wait_idle();
        destroy_gpu(&kept);
    }
}

/* A frame is lost to it, or a size; the next may be had. */
static void too_little_memory_is_no_loss(void **state)
{
    (void)state;
    unsigned nth = 0;
    for (bool refused = true; refused; nth++) {
        assert_in_range(nth, 0, CALLS_MAX);
        fr_gpu *gpu = make_gpu();
        t.until_refused = nth + 1;
        const fr_status status = flow(gpu);
        refused = t.refused;
        t.until_refused = 0;
        assert_int_equal(status, refused ? FR_ERR_NO_MEMORY : FR_OK);
        assert_int_equal(flow(gpu), FR_OK);
        destroy_gpu(&gpu);
    }
    print_message("refused at each of %u calls\n", nth - 1);
    assert_in_range(nth, 3 * FRAMES, CALLS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_is_what_uses_the_semaphore),
        cmocka_unit_test(a_device_that_is_lost_is_told_at_each_call),
        cmocka_unit_test(a_device_that_hangs_is_as_lost),
        cmocka_unit_test(too_little_memory_is_no_loss),
    };
    return cmocka_run_group_tests_name("vulkan/pattern", tests, NULL, NULL);
}
