/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Rings that are kept in step by shared timeline semaphores: lent by the faults' loader where the driver has
 * none. What a peer says of its work is waited for with a bound, and believed no further than it has to be.
 */
#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include "backend/vulkan/source.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 64, HEIGHT = 36 };

static const struct pair_shape shape = {
    .capabilities = FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE,
    .width = WIDTH,
    .height = HEIGHT,
    .format = FR_FORMAT_BGRA8,
    .get = faults_get,
};

/* Host and source on one device. */
struct rig {
    struct gpu gpu;
    struct pair_host host;
    struct pair_source source;
    fr_wire_v2 *words;
};

static void rig_open(struct rig *rig)
{
    struct gpu probe;
    faults_share_timelines(true);
    gpu_open(&probe, NULL);
    rig->words = pair_words_create();
    pair_host_open(&rig->host, &shape, &probe.device->gpu, rig->words);
    assert_int_equal(rig->host.delivery.sync_kind, FR_WIRE_SYNC_FENCE);
    gpu_close(&probe);
    gpu_open_on(&rig->gpu, pair_host_inside(&rig->host)->device);
    const PFN_vkGetInstanceProcAddr get = faults_get;
    rig->gpu.params.get_instance_proc_addr = *(void *const *)&get;
    pair_source_open(&rig->source, &rig->gpu);
    const struct fr_delivery delivery = pair_delivered(&rig->host.delivery);
    assert_int_equal(pair_source_attach(&rig->source, &delivery, rig->words), FR_OK);
}

static void rig_close(struct rig *rig)
{
    const char *what = "";
    pair_source_close(&rig->source);
    gpu_close(&rig->gpu);
    pair_host_close(&rig->host);
    pair_words_destroy(rig->words);
    faults_share_timelines(false);
    if (faults_alive(&what))
        fprintf(stderr, "left: a %s\n", what);
    assert_int_equal(faults_alive(&what), 0);
}

static const struct fr_vk_source_ring *ring_of(const struct rig *rig)
{
    return rig->source.ring;
}

static void signal_to(struct rig *rig, VkSemaphore semaphore, uint64_t value)
{
    const struct fr_vk_submission submission = {.shared = semaphore, .shared_value = value};
    struct fr_vk_command *command;
    assert_int_equal(fr_vk_command_begin(&rig->gpu.commands, &command), VK_SUCCESS);
    assert_int_equal(fr_vk_command_submit(&rig->gpu.commands, command, &submission), VK_SUCCESS);
    assert_int_equal(fr_vk_command_wait(&rig->gpu.commands, command, FR_NS_PER_S), VK_SUCCESS);
}

static void push(struct rig *rig, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed);
    struct gpu_image image;
    gpu_image_create(&rig->gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_GENERAL, &image);
    assert_int_equal(pair_source_push(&rig->source, &image.push), FR_OK);
    struct fr_vk_source *inside = rig->source.backend.self;
    assert_true(fr_vk_commands_settle(&inside->commands));
    gpu_image_destroy(&rig->gpu, &image);
    free(pixels);
}

static void take(struct rig *rig, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed), *found = malloc(WIDTH * HEIGHT * 4);
    assert_non_null(found);
    pair_host_take(&rig->host, found);
    assert_memory_equal(found, pixels, WIDTH * HEIGHT * 4);
    pair_host_expect(&rig->host, &rig->host.picture, pixels);
    free(found);
    free(pixels);
}

/* A slot that the program is to draw by itself; it says which value it will signal. */
static uint32_t begin_own(struct rig *rig, fr_vulkan_slot *out)
{
    struct pair_source *source = &rig->source;
    const int index = fr_ring_source_begin(&source->words);
    assert_true(index >= 0);
    assert_int_equal(source->in_use->ops->begin(source->in_use->self, source->ring, (uint32_t)index,
                                                fr_ring_source_retire_value(&source->words), FR_NS_PER_S),
                     FR_CLAIM_ACQUIRED);
    fr_vk_source_slot(source->in_use, source->ring, (uint32_t)index, out);
    return (uint32_t)index;
}

static void publish(struct rig *rig, uint32_t index, uint64_t lie)
{
    struct pair_source *source = &rig->source;
    struct fr_ring_publish info = {.present_ns = 1};
    assert_int_equal(source->in_use->ops->end(source->in_use->self, source->ring, index, &info.ready_value),
                     FR_CLAIM_ACQUIRED);
    if (lie)
        info.ready_value = lie;
    assert_true(fr_ring_source_publish(&source->words, &info));
}

static enum fr_claim claim(struct rig *rig, fr_token *token, uint64_t timeout_ns)
{
    struct pair_host *host = &rig->host;
    assert_true(fr_ring_host_newest(&host->words, token));
    return host->backend.ops->claim(host->backend.self, host->ring, &host->words, *token, timeout_ns);
}

static void release(struct rig *rig, fr_token token)
{
    struct pair_host *host = &rig->host;
    assert_int_equal(host->backend.ops->release(host->backend.self, host->ring, &host->words, token),
                     FR_CLAIM_ACQUIRED);
}

static void test_work_that_is_not_done_is_waited_for_with_a_bound(void **state)
{
    (void)state;
    struct rig rig;
    fr_vulkan_slot slot;
    fr_token token;
    rig_open(&rig);
    const uint32_t index = begin_own(&rig, &slot);
    assert_true(slot.ready && slot.ready_value == 1 && slot.image);
    publish(&rig, index, 0);
    assert_int_equal(claim(&rig, &token, 0), FR_CLAIM_BUSY);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(claim(&rig, &token, 20 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start >= 15 * FR_NS_PER_MS);
    signal_to(&rig, ring_of(&rig)->ready, slot.ready_value);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    release(&rig, token);
    rig_close(&rig);
}

static void test_a_value_far_ahead_is_not_waited_for(void **state)
{
    (void)state;
    struct rig rig;
    fr_vulkan_slot slot;
    fr_token token;
    rig_open(&rig);
    publish(&rig, begin_own(&rig, &slot), UINT64_C(1) << 40);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(claim(&rig, &token, 60 * FR_NS_PER_S), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start < 30 * FR_NS_PER_S);
    /* The next frame is as any other. */
    push(&rig, 5);
    take(&rig, 5);
    rig_close(&rig);
}

static void test_a_source_that_signals_for_the_host(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    rig_open(&rig);
    push(&rig, 1);
    signal_to(&rig, ring_of(&rig)->retire, 99);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_S), FR_CLAIM_ABANDONED);
    rig_close(&rig);
}

static void test_a_semaphore_of_a_broken_peer(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    rig_open(&rig);
    push(&rig, 1);
    signal_to(&rig, ring_of(&rig)->ready, UINT64_MAX);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_S), FR_CLAIM_ABANDONED);
    rig_close(&rig);
}

static void test_a_slot_that_is_read_is_waited_for_with_a_bound(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig);
    const struct fr_backend_source_ops *ops = rig.source.in_use->ops;
    void *self = rig.source.in_use->self, *ring = rig.source.ring;
    uint64_t ready_value;
    assert_int_equal(ops->begin(self, ring, 0, 1, 10 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    signal_to(&rig, ring_of(&rig)->retire, 1);
    assert_int_equal(ops->begin(self, ring, 0, 1, 10 * FR_NS_PER_MS), FR_CLAIM_ACQUIRED);
    /* Nothing was drawn: the value is reached all the same. */
    assert_int_equal(ops->end(self, ring, 0, &ready_value), FR_CLAIM_ACQUIRED);
    assert_int_equal(ready_value, 1);
    assert_int_equal(fr_vk_wait_for(rig.gpu.device, ring_of(&rig)->ready, 1, FR_NS_PER_S, NULL),
                     FR_CLAIM_ACQUIRED);
    rig_close(&rig);
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
