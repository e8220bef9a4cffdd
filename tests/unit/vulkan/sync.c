/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Rings that are kept in step by shared timeline semaphores: lent by the faults' loader where the driver has
 * none. What a peer says of its work is waited for with a bound, and believed no further than it has to be.
 */
#include "vulkan/timelines.h"

#include <stdlib.h>

/* Far beyond what anything here takes. */
#define WAIT_NS (60 * FR_NS_PER_S)

/* Lavapipe signals the fence before the counter has the value. */
static void signal_to(struct timelines *rig, VkSemaphore semaphore, uint64_t value)
{
    const struct fr_vk_device *device = rig->gpu.device;
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &value,
    };
    const struct fr_vk_submission submission = {.shared = semaphore, .shared_value = value};
    struct fr_vk_command *command;
    assert_int_equal(fr_vk_command_begin(&rig->gpu.commands, &command), VK_SUCCESS);
    assert_int_equal(fr_vk_command_submit(&rig->gpu.commands, command, &submission), VK_SUCCESS);
    assert_int_equal(fr_vk_command_wait(&rig->gpu.commands, command, WAIT_NS), VK_SUCCESS);
    assert_int_equal(device->vk.WaitSemaphores(device->device, &info, WAIT_NS), VK_SUCCESS);
}

static void take(struct timelines *rig, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(TIMELINES_WIDTH, TIMELINES_HEIGHT, FR_FORMAT_BGRA8, seed),
            *found = malloc(TIMELINES_WIDTH * TIMELINES_HEIGHT * 4);
    assert_non_null(found);
    pair_host_take(&rig->host, found);
    assert_memory_equal(found, pixels, TIMELINES_WIDTH * TIMELINES_HEIGHT * 4);
    pair_host_expect(&rig->host, &rig->host.picture, pixels);
    free(found);
    free(pixels);
}

static enum fr_claim claim(struct timelines *rig, fr_token *token, uint64_t timeout_ns)
{
    struct pair_host *host = &rig->host;
    assert_true(fr_ring_host_newest(&host->words, token));
    return host->backend.ops->claim(host->backend.self, host->ring, &host->words, *token, timeout_ns);
}

static void release(struct timelines *rig, fr_token token)
{
    struct pair_host *host = &rig->host;
    assert_int_equal(host->backend.ops->release(host->backend.self, host->ring, &host->words, token),
                     FR_CLAIM_ACQUIRED);
}

static void test_work_that_is_not_done_is_waited_for_with_a_bound(void **state)
{
    (void)state;
    struct timelines rig;
    fr_vulkan_slot slot;
    fr_token token;
    timelines_open(&rig, NULL);
    const uint32_t index = timelines_begin(&rig, &slot);
    assert_true(slot.ready && slot.ready_value == 1 && slot.image);
    timelines_publish(&rig, index, 0);
    assert_int_equal(claim(&rig, &token, 0), FR_CLAIM_BUSY);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(claim(&rig, &token, 20 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start >= 15 * FR_NS_PER_MS);
    signal_to(&rig, timelines_ring(&rig)->ready, slot.ready_value);
    assert_int_equal(claim(&rig, &token, WAIT_NS), FR_CLAIM_ACQUIRED);
    release(&rig, token);
    timelines_close(&rig);
}

static void test_a_value_far_ahead_is_not_waited_for(void **state)
{
    (void)state;
    struct timelines rig;
    fr_vulkan_slot slot;
    fr_token token;
    timelines_open(&rig, NULL);
    timelines_publish(&rig, timelines_begin(&rig, &slot), UINT64_C(1) << 40);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(claim(&rig, &token, WAIT_NS), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start < WAIT_NS / 2);
    /* The next frame is as any other. */
    timelines_push(&rig, 5);
    take(&rig, 5);
    timelines_close(&rig);
}

static void test_a_source_that_signals_for_the_host(void **state)
{
    (void)state;
    struct timelines rig;
    fr_token token;
    timelines_open(&rig, NULL);
    timelines_push(&rig, 1);
    signal_to(&rig, timelines_ring(&rig)->retire, 99);
    assert_int_equal(claim(&rig, &token, WAIT_NS), FR_CLAIM_ABANDONED);
    timelines_close(&rig);
}

static void test_a_semaphore_of_a_broken_peer(void **state)
{
    (void)state;
    struct timelines rig;
    fr_token token;
    timelines_open(&rig, NULL);
    timelines_push(&rig, 1);
    signal_to(&rig, timelines_ring(&rig)->ready, UINT64_MAX);
    assert_int_equal(claim(&rig, &token, WAIT_NS), FR_CLAIM_ABANDONED);
    timelines_close(&rig);
}

static void test_a_slot_that_is_read_is_waited_for_with_a_bound(void **state)
{
    (void)state;
    struct timelines rig;
    timelines_open(&rig, NULL);
    const struct fr_backend_source_ops *ops = rig.source.in_use->ops;
    void *self = rig.source.in_use->self, *ring = rig.source.ring;
    uint64_t ready_value;
    assert_int_equal(ops->begin(self, ring, 0, 1, 10 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    signal_to(&rig, timelines_ring(&rig)->retire, 1);
    assert_int_equal(ops->begin(self, ring, 0, 1, WAIT_NS), FR_CLAIM_ACQUIRED);
    /* Nothing was drawn: the value is reached all the same. */
    assert_int_equal(ops->end(self, ring, 0, &ready_value), FR_CLAIM_ACQUIRED);
    assert_int_equal(ready_value, 1);
    assert_int_equal(fr_vk_wait_for(rig.gpu.device, timelines_ring(&rig)->ready, 1, WAIT_NS, NULL),
                     FR_CLAIM_ACQUIRED);
    timelines_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_that_is_not_done_is_waited_for_with_a_bound),
        cmocka_unit_test(test_a_value_far_ahead_is_not_waited_for),
        cmocka_unit_test(test_a_source_that_signals_for_the_host),
        cmocka_unit_test(test_a_semaphore_of_a_broken_peer),
        cmocka_unit_test(test_a_slot_that_is_read_is_waited_for_with_a_bound),
    };
    return cmocka_run_group_tests_name("vulkan/sync", tests, NULL, NULL);
}
