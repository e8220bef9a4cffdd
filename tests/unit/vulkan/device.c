/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Finding a device, and what is known of it; that the tests are validated. */
#define _GNU_SOURCE
#include "vulkan/gpu.h"

#include "backend/vulkan/vulkan.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool on_processor(void)
{
    return !strcmp(gpu_name(), "llvmpipe");
}

static struct fr_vk_device *named(const char *name)
{
    const fr_vulkan_host_params params = {.device = name};
    const struct fr_vk_wish wish = {.params = &params};
    struct fr_vk_device *device;
    return fr_vk_device_create(&device, &wish, gpu_log()) == FR_OK ? device : NULL;
}

static int nothing(void)
{
    return 0;
}

static int no_layer_asked_for(void)
{
    return unsetenv("VK_INSTANCE_LAYERS");
}

static int no_layer_there(void)
{
    return unsetenv("VK_ADD_LAYER_PATH") | setenv("VK_LAYER_PATH", "/nowhere", 1);
}

static int errors_are_only_said(void)
{
    return setenv("VK_LAYER_SETTINGS_PATH", "/nowhere", 1);
}

/* This program once more, in another environment, where it does no test; how it ends. */
static int run_again(int (*change)(void))
{
    int status;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (change() == 0 && dup2(nowhere, STDOUT_FILENO) >= 0 && dup2(nowhere, STDERR_FILENO) >= 0)
            (void)execl("/proc/self/exe", "test", "none of them", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_runs_only_validated(void **state)
{
    (void)state;
    assert_int_equal(run_again(nothing), 0);
    assert_int_equal(run_again(no_layer_asked_for), GPU_NOT_VALIDATED);
    assert_int_equal(run_again(no_layer_there), GPU_NOT_VALIDATED);
    assert_int_equal(run_again(errors_are_only_said), GPU_NOT_VALIDATED);
}

/* A driver would make it, or say no. */
static void make_an_empty_buffer(void)
{
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    struct gpu gpu;
    VkBuffer buffer;
    gpu_open(&gpu, NULL);
    (void)gpu.device->vk.CreateBuffer(gpu.device->device, &info, NULL, &buffer);
}

static void write_twice(bool in_order)
{
    const VkMemoryBarrier done = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                  .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
                                  .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT};
    const VkPipelineStageFlags transfer = VK_PIPELINE_STAGE_TRANSFER_BIT;
    struct gpu gpu;
    struct fr_vk_buffer from, to;
    struct fr_vk_command *command;
    gpu_open(&gpu, NULL);
    const struct fr_vk_device *device = gpu.device;
    const VkBufferUsageFlags usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    const VkBufferCopy whole = {.size = 64};
    assert_int_equal(fr_vk_buffer_create(device, 64, usage, 0, 0, &from), VK_SUCCESS);
    assert_int_equal(fr_vk_buffer_create(device, 64, usage, 0, 0, &to), VK_SUCCESS);
    assert_int_equal(fr_vk_command_begin(&gpu.commands, &command), VK_SUCCESS);
    device->vk.CmdCopyBuffer(command->buffer, from.buffer, to.buffer, 1, &whole);
    if (in_order)
        device->vk.CmdPipelineBarrier(command->buffer, transfer, transfer, 0, 1, &done, 0, NULL, 0, NULL);
    device->vk.CmdCopyBuffer(command->buffer, from.buffer, to.buffer, 1, &whole);
}

static void write_in_order(void)
{
    write_twice(true);
}

static void write_in_any_order(void)
{
    write_twice(false);
}

static void test_an_error_ends_the_program(void **state)
{
    (void)state;
    assert_int_equal(gpu_signal_that_ends(make_an_empty_buffer), SIGTRAP);
    assert_int_equal(gpu_signal_that_ends(write_in_any_order), SIGTRAP);
    assert_int_equal(gpu_signal_that_ends(write_in_order), 0);
}

static void test_named_by_a_part_of_its_name(void **state)
{
    (void)state;
    char shouted[64] = "";
    for (size_t i = 0; gpu_name()[i] && i + 1 < sizeof(shouted); i++)
        shouted[i] = (char)toupper((unsigned char)gpu_name()[i]);
    struct fr_vk_device *device = named(shouted);
    assert_true(device && strstr(device->name, gpu_name()));
    assert_int_equal(device->type == VK_PHYSICAL_DEVICE_TYPE_CPU, on_processor());
    assert_true(device->gpu.present && device->timeline && device->progress);
    fr_vk_device_unref(device);
    assert_null(named("no such device"));
}

static void test_named_by_its_uuid(void **state)
{
    (void)state;
    struct fr_vk_device *device = named(gpu_name());
    assert_non_null(device);
    char text[64] = "", *at = text;
    for (size_t i = 0; i < FR_GPU_UUID_BYTES; i++)
        at += sprintf(at, "%02X%s", device->gpu.device_uuid[i], i == 3 ? "-" : "");
    fr_vk_device_unref(device);
    device = named(text);
    assert_non_null(device);
    fr_vk_device_unref(device);
    text[0] = text[0] == '0' ? '1' : '0';
    assert_null(named(text));
}

static void test_processor_only_when_named(void **state)
{
    (void)state;
    struct fr_vk_device *device;
    struct fr_vk_wish wish = {0};
    if (!on_processor())
        skip(); /* a machine with a GPU may not have the processor as a device at all */
    assert_int_equal(fr_vk_device_create(&device, &wish, gpu_log()), FR_ERR_UNSUPPORTED);
    assert_null(device);
    wish.any_type = true;
    assert_int_equal(fr_vk_device_create(&device, &wish, gpu_log()), FR_OK);
    fr_vk_device_unref(device);
}

static void test_ways(void **state)
{
    (void)state;
    struct fr_vk_device *device = named(gpu_name());
    assert_non_null(device);
    assert_true(device->opaque_fd && device->host_memory && device->buffer_opaque_fd);
    assert_string_equal(device->fault[FR_VK_WAY_OPAQUE_FD], "");
    assert_true(device->host_pointer_align > 0);
    assert_int_equal(device->dma_buf, device->fault[FR_VK_WAY_DMA_BUF][0] == '\0');
    assert_int_equal(device->shared_timeline, device->fault[FR_VK_WAY_TIMELINE][0] == '\0');
    fr_vk_device_unref(device);
}

static void test_progress(void **state)
{
    (void)state;
    struct fr_vk_device *device = named(gpu_name());
    assert_non_null(device);
    assert_int_equal(fr_vk_device_wait(device, 0, 0), FR_OK);
    assert_int_equal(fr_vk_device_wait(device, 1, FR_NS_PER_MS), FR_TIMEOUT);
    assert_false(fr_vk_device_is_lost(device));
    assert_int_equal(fr_vk_device_status(device, VK_ERROR_OUT_OF_DEVICE_MEMORY), FR_ERR_NO_MEMORY);
    assert_int_equal(fr_vk_device_status(device, VK_ERROR_DEVICE_LOST), FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_vk_device_status(device, VK_ERROR_OUT_OF_DEVICE_MEMORY), FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_vk_device_wait(device, 0, 0), FR_ERR_DEVICE_LOST);
    fr_vk_device_unref(device);
}

/* ---- the end ---- */

static struct {
    struct fr_vk_functions vk;
    uint32_t submitted; /* batches with nothing in them */
    VkSemaphore signalled[2];
    bool reached[2];
    uint32_t destroyed;
} end;

static VKAPI_ATTR VkResult VKAPI_CALL submit_nothing(VkQueue queue, uint32_t count, const VkSubmitInfo *info,
                                                     VkFence fence)
{
    assert_true(end.submitted < 2);
    assert_true(count == 1 && !info->commandBufferCount && !info->waitSemaphoreCount);
    assert_int_equal(info->signalSemaphoreCount, 1);
    end.signalled[end.submitted++] = info->pSignalSemaphores[0];
    return end.vk.QueueSubmit(queue, count, info, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL wait_for_it(VkDevice device, const VkSemaphoreWaitInfo *info,
                                                  uint64_t timeout_ns)
{
    const VkResult result = end.vk.WaitSemaphores(device, info, timeout_ns);
    for (uint32_t i = 0; i < end.submitted; i++)
        end.reached[i] |= result == VK_SUCCESS && info->pSemaphores[0] == end.signalled[i];
    return result;
}

static VKAPI_ATTR void VKAPI_CALL destroy_semaphore(VkDevice device, VkSemaphore semaphore,
                                                    const VkAllocationCallbacks *allocator)
{
    assert_true(end.reached[0] && end.reached[1]);
    end.destroyed++;
    end.vk.DestroySemaphore(device, semaphore, allocator);
}

/* Mesa's queues go back to what a batch waited for after it is done, so its timelines last until they came to
 * a later one. */
static void test_queues_are_drained_before_timelines_go(void **state)
{
    (void)state;
    struct fr_vk_device *device = named(gpu_name());
    assert_non_null(device);
    end.vk = device->vk;
    device->vk.QueueSubmit = submit_nothing;
    device->vk.WaitSemaphores = wait_for_it;
    device->vk.DestroySemaphore = destroy_semaphore;
    fr_vk_device_unref(device);
    assert_int_equal(end.submitted, 2);
    assert_int_equal(end.destroyed, 2);
}

static void test_hosts_share_a_device(void **state)
{
    (void)state;
    const fr_vulkan_host_params params = {.device = gpu_name()};
    struct fr_vk_wish wish = {.params = &params};
    struct fr_vk_device *first, *second, *third, *fourth;
    assert_int_equal(fr_vk_device_create(&first, &wish, gpu_log()), FR_OK);
    assert_int_equal(fr_vk_device_create(&second, &wish, gpu_log()), FR_OK);
    assert_ptr_equal(first, second);
    wish.alone = true;
    assert_int_equal(fr_vk_device_create(&third, &wish, gpu_log()), FR_OK);
    assert_ptr_not_equal(first, third);
    fr_vk_device_unref(third);
    wish.alone = false;
    fr_vk_device_unref(first);
    assert_int_equal(fr_vk_device_status(second, VK_ERROR_DEVICE_LOST), FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_vk_device_create(&third, &wish, gpu_log()), FR_OK);
    assert_ptr_not_equal(second, third);
    assert_int_equal(fr_vk_device_create(&fourth, &wish, gpu_log()), FR_OK);
    assert_ptr_equal(third, fourth);
    fr_vk_device_unref(second);
    fr_vk_device_unref(third);
    fr_vk_device_unref(fourth);
}

static void test_wrapped(void **state)
{
    (void)state;
    struct fr_vk_device *own = named(gpu_name()), *wrapped;
    assert_non_null(own);
    const fr_vulkan_source_params params = {
        .instance = own->instance,
        .physical_device = own->physical,
        .device = own->device,
        .queue = own->queue,
        .queue_family = own->family,
        .extensions = own->extension,
        .num_extensions = own->num_extensions,
        .timeline_semaphores = true,
    };
    assert_int_equal(fr_vk_device_wrap(&wrapped, &params, gpu_log()), FR_OK);
    assert_true(fr_vk_gpu_equal(&own->gpu, &wrapped->gpu));
    assert_true(wrapped->opaque_fd && wrapped->host_memory && wrapped->timeline);
    fr_vk_device_unref(wrapped);
    fr_vulkan_source_params less = params;
    less.num_extensions = 0;
    assert_int_equal(fr_vk_device_wrap(&wrapped, &less, gpu_log()), FR_OK);
    assert_false(wrapped->opaque_fd || wrapped->dma_buf || wrapped->host_memory || wrapped->shared_timeline);
    fr_vk_device_unref(wrapped);
    less.queue = NULL;
    assert_int_equal(fr_vk_device_wrap(&wrapped, &less, gpu_log()), FR_ERR_UNSUPPORTED);
    fr_vk_device_unref(own);
}

/* An argument: the tests that it names. */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    /* Processes are split before there is a device, whose threads would stay behind. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_only_validated),
        cmocka_unit_test(test_an_error_ends_the_program),
        cmocka_unit_test(test_named_by_a_part_of_its_name),
        cmocka_unit_test(test_named_by_its_uuid),
        cmocka_unit_test(test_processor_only_when_named),
        cmocka_unit_test(test_ways),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_queues_are_drained_before_timelines_go),
        cmocka_unit_test(test_hosts_share_a_device),
        cmocka_unit_test(test_wrapped),
    };
    return cmocka_run_group_tests_name("vulkan/device", tests, NULL, NULL);
}
