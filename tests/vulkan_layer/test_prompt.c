/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a present does itself with a slot that it has filled, and that it waits for nothing there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/feed_inside.h"
#include "vulkan-layer/settings.h"

#include <framering/frame.h>

/* Stands for any handle. */
#define HANDLE(type, number) ((type)(uintptr_t)(number))

enum { GENERATION = 5 };

static uint32_t num_published, num_begun, num_cancelled, num_made, next_slot;
static uint64_t longest_wait_ns;
static VkResult copy_before; /* into the slot that is claimed next */

/* ---- the library ---- */

fr_status fr_source_publish(fr_source *source, const fr_publish_info *info)
{
    (void)source, (void)info;
    num_published++;
    return FR_OK;
}

fr_status fr_source_begin_ahead(fr_source *source, fr_slot *out)
{
    (void)source;
    num_begun++;
    *out = (fr_slot){.generation = GENERATION};
    return FR_OK;
}

void fr_source_cancel(fr_source *source)
{
    (void)source;
    num_cancelled++;
}

fr_status fr_source_vulkan_slot(const fr_source *source, const fr_slot *slot, fr_vulkan_slot *out)
{
    (void)source, (void)slot;
    *out = (fr_vulkan_slot){.image = 100 + next_slot, .ready = 7, .ready_value = 2};
    return FR_OK;
}

void fr_source_get_info(const fr_source *source, fr_source_info *out)
{
    (void)source;
    *out = (fr_source_info){0};
}

fr_status fr_source_push_vulkan(fr_source *source, const fr_vulkan_image *image, const fr_publish_info *info)
{
    (void)source, (void)image, (void)info;
    return FR_AGAIN;
}

fr_status fr_slot_write(const fr_slot *slot, const fr_image *image, const fr_rect *rects, uint32_t num_rects)
{
    (void)slot, (void)image, (void)rects, (void)num_rects;
    return FR_OK;
}

uint32_t fr_format_pixel_bytes(fr_format format)
{
    (void)format;
    return 4;
}

/* ---- the layer's other parts ---- */

uint64_t fr_layer_now_ns(void)
{
    return 1000 * FR_LAYER_NS_PER_S;
}

void fr_layer_feed_lose(fr_layer_device *device)
{
    (void)device;
}

void fr_layer_say(const char *format, ...)
{
    (void)format;
}

bool fr_layer_sink_make_slot(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool,
                             const fr_vulkan_slot *slot)
{
    (void)swapchain, (void)pool;
    num_made++;
    sink->made = sink->is_slot = true;
    sink->image = HANDLE(VkImage, slot->image);
    return true;
}

bool fr_layer_sink_make_stage(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool,
                              bool in_memory)
{
    (void)sink, (void)swapchain, (void)pool, (void)in_memory;
    return false;
}

void fr_layer_sink_finish(fr_layer_sink *sink, const fr_layer_swapchain *swapchain, VkCommandPool pool)
{
    (void)sink, (void)swapchain, (void)pool;
}

void fr_layer_sink_forget(fr_layer_sink *sink)
{
    (void)sink;
}

VkResult fr_layer_sink_wait(const fr_layer_sink *sink, const fr_layer_device *device, uint64_t timeout_ns)
{
    (void)device;
    if (sink->submitted && timeout_ns > longest_wait_ns)
        longest_wait_ns = timeout_ns;
    return sink->submitted ? copy_before : VK_SUCCESS;
}

void fr_layer_sink_reset(fr_layer_sink *sink, const fr_layer_swapchain *swapchain)
{
    (void)swapchain;
    sink->submitted = false;
    sink->state = FR_LAYER_SINK_OFF;
}

/* ---- tests ---- */

static fr_layer_device device;
static fr_layer_swapchain swapchain;
static struct fr_layer_feed feed;

/* A present has filled slot 0 of a ring whose slots are known; slot 1 is the next. */
static int set_up(void **state)
{
    (void)state;
    num_published = num_begun = num_cancelled = num_made = 0;
    longest_wait_ns = 0;
    next_slot = 1;
    copy_before = VK_SUCCESS;
    swapchain = (fr_layer_swapchain){.device = &device};
    for (uint32_t i = 0; i < 2; i++)
        swapchain.sink[i] = (fr_layer_sink){
            .made = true, .is_slot = true, .submitted = true, .image = HANDLE(VkImage, 100 + i)};
    swapchain.sink[0].state = FR_LAYER_SINK_FILLED;
    swapchain.sink[0].ready = HANDLE(VkSemaphore, 7);
    swapchain.sink[0].present_ns = fr_layer_now_ns();
    feed = (struct fr_layer_feed){
        .device = &device,
        .work = PTHREAD_MUTEX_INITIALIZER,
        .source = HANDLE(fr_source *, 8),
        .current = &swapchain,
        .generation = GENERATION,
        .prompt = GENERATION,
        .ring = FR_LAYER_RING_IMAGES,
        .holding = true,
        .held_sink = &swapchain.sink[0],
    };
    return 0;
}

static void nothing_was_done(void)
{
    assert_false(fr_layer_frames_now(&feed, &swapchain.sink[0]));
    assert_int_equal(num_published, 0);
    assert_int_equal(swapchain.sink[0].state, FR_LAYER_SINK_FILLED);
}

static void test_publishes_and_claims(void **state)
{
    (void)state;
    assert_true(fr_layer_frames_now(&feed, &swapchain.sink[0]));
    assert_int_equal(num_published, 1);
    assert_int_equal(swapchain.sink[0].state, FR_LAYER_SINK_OFF);
    assert_int_equal(swapchain.sink[1].state, FR_LAYER_SINK_OPEN);
    assert_ptr_equal(feed.held_sink, &swapchain.sink[1]);
    assert_int_equal(longest_wait_ns, 0);
}

static void test_not_while_the_thread_works(void **state)
{
    (void)state;
    pthread_mutex_lock(&feed.work);
    nothing_was_done();
    pthread_mutex_unlock(&feed.work);
}

/* The library may wait for the ring before. */
static void test_not_the_first_of_a_ring(void **state)
{
    (void)state;
    feed.prompt = GENERATION - 1;
    nothing_was_done();
}

/* Its copy would have to be waited for. */
static void test_not_without_a_semaphore(void **state)
{
    (void)state;
    swapchain.sink[0].ready = VK_NULL_HANDLE;
    nothing_was_done();
}

static void test_not_what_the_host_has_news_about(void **state)
{
    (void)state;
    feed.news = true;
    nothing_was_done();
}

static void test_waits_for_no_copy(void **state)
{
    (void)state;
    copy_before = VK_TIMEOUT;
    assert_false(fr_layer_frames_now(&feed, &swapchain.sink[0]));
    copy_before = VK_SUCCESS;
    assert_int_equal(num_published, 1);
    assert_int_equal(num_cancelled, 1);
    assert_int_equal(longest_wait_ns, 0);
    assert_int_equal(swapchain.sink[1].state, 0);
}

/* Nor does a claim that failed so keep the thread from the next. */
static void test_records_no_commands(void **state)
{
    (void)state;
    next_slot = 2;
    assert_false(fr_layer_frames_now(&feed, &swapchain.sink[0]));
    assert_int_equal(num_published, 1);
    assert_int_equal(num_cancelled, 1);
    assert_int_equal(num_made, 0);
    fr_layer_claims_make(&feed, FR_LAYER_PATIENT);
    assert_int_equal(num_made, 1);
    assert_int_equal(swapchain.sink[2].state, FR_LAYER_SINK_OPEN);
}

/* A stage with a newer frame comes first. */
static void test_no_claim_beside_a_stage(void **state)
{
    (void)state;
    swapchain.sink[FR_LAYER_SLOTS_MAX].state = FR_LAYER_SINK_FILLED;
    swapchain.sink[FR_LAYER_SLOTS_MAX].sequence = 1;
    assert_false(fr_layer_frames_now(&feed, &swapchain.sink[0]));
    assert_int_equal(num_published, 1);
    assert_int_equal(num_begun, 0);
}

/* One that the GPU is not done with is overtaken, so that a program which the GPU is behind is not for ever
 * in stages, and is not waited for. */
static void test_unripe_stage_is_overtaken(void **state)
{
    (void)state;
    fr_layer_sink *stage = &swapchain.sink[FR_LAYER_SLOTS_MAX];
    *stage = (fr_layer_sink){.state = FR_LAYER_SINK_FILLED, .made = true, .submitted = true, .sequence = 1};
    feed.holding = false;
    feed.held_sink = NULL;
    feed.frame_ns = fr_layer_now_ns();
    swapchain.sink[0].submitted = swapchain.sink[1].submitted = false;
    copy_before = VK_TIMEOUT;
    fr_layer_frames_collect(&feed);
    assert_int_equal(stage->state, FR_LAYER_SINK_FILLED);
    fr_layer_claims_make(&feed, FR_LAYER_PATIENT);
    assert_int_equal(swapchain.sink[1].state, FR_LAYER_SINK_OPEN);
    assert_true(fr_layer_claims_wait_ns(&feed, fr_layer_now_ns()) <= FR_LAYER_NS_PER_MS);
    swapchain.sink[1].state = FR_LAYER_SINK_FILLED;
    swapchain.sink[1].submitted = true;
    swapchain.sink[1].sequence = 2;
    fr_layer_frames_collect(&feed);
    assert_int_equal(num_published, 1);
    assert_int_equal(feed.published, 2);
    assert_false(feed.unripe);
    copy_before = VK_SUCCESS;
    fr_layer_frames_collect(&feed);
    assert_int_equal(stage->state, FR_LAYER_SINK_OPEN);
    assert_int_equal(num_published, 1);
    assert_int_equal(longest_wait_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_publishes_and_claims, set_up),
        cmocka_unit_test_setup(test_not_while_the_thread_works, set_up),
        cmocka_unit_test_setup(test_not_the_first_of_a_ring, set_up),
        cmocka_unit_test_setup(test_not_without_a_semaphore, set_up),
        cmocka_unit_test_setup(test_not_what_the_host_has_news_about, set_up),
        cmocka_unit_test_setup(test_waits_for_no_copy, set_up),
        cmocka_unit_test_setup(test_records_no_commands, set_up),
        cmocka_unit_test_setup(test_no_claim_beside_a_stage, set_up),
        cmocka_unit_test_setup(test_unripe_stage_is_overtaken, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
