/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which of a program's windows is captured, also while several threads present. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/feed_inside.h"
#include "vulkan-layer/settings.h"
#include "vulkan-layer/stats.h"

#include <stdlib.h>

enum { ROUNDS = 40, PRESENTS = 200 };

static _Atomic uint64_t now_ns, passes_ns; /* with each look at it */
static _Atomic uint32_t num_started, num_sentences, num_roused;
static _Atomic bool presented; /* all that there is */
static bool no_thread;

/* Puts nothing in an order that the layer does not. */
static void count(_Atomic uint32_t *number)
{
    atomic_fetch_add_explicit(number, 1, memory_order_relaxed);
}

/* ---- the layer's other parts ---- */

static void *nothing(void *user)
{
    return user;
}

struct fr_layer_feed *fr_layer_feed_start(fr_layer_device *device)
{
    count(&num_started);
    if (no_thread)
        return NULL;
    struct fr_layer_feed *feed = calloc(1, sizeof(*feed));
    assert_non_null(feed);
    feed->device = device;
    pthread_mutex_init(&feed->mutex, NULL);
    assert_int_equal(pthread_create(&feed->thread, NULL, nothing, NULL), 0);
    return feed;
}

void fr_layer_feed_free(struct fr_layer_feed *feed)
{
    pthread_mutex_destroy(&feed->mutex);
    free(feed);
}

void fr_layer_feed_rouse(const struct fr_layer_feed *feed)
{
    assert_non_null(feed);
    count(&num_roused);
}

bool fr_layer_frames_now(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    (void)sink;
    assert_non_null(feed);
    return true;
}

uint64_t fr_layer_now_ns(void)
{
    return atomic_fetch_add_explicit(&now_ns, passes_ns, memory_order_relaxed);
}

void fr_layer_say(const char *format, ...)
{
    (void)format;
    count(&num_sentences);
}

void fr_layer_stats_say(void)
{
}

/* ---- tests ---- */

static fr_layer_device device, other_device;
static fr_layer_queue queue = {.device = &device, .flags = VK_QUEUE_GRAPHICS_BIT},
                      other_queue = {.device = &other_device, .flags = VK_QUEUE_GRAPHICS_BIT};
static fr_layer_swapchain small = {.device = &device, .width = 64, .height = 32},
                          large = {.device = &device, .width = 64, .height = 64},
                          other = {.device = &other_device, .width = 8, .height = 8};

static int set_up(void **state)
{
    (void)state;
    now_ns = 1000 * FR_LAYER_NS_PER_S;
    passes_ns = 0;
    num_started = num_sentences = num_roused = 0;
    no_thread = false;
    device = (fr_layer_device){0};
    other_device = (fr_layer_device){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fr_layer_feed_end(&device);
    fr_layer_feed_end(&other_device);
    return 0;
}

static void test_the_larger_one(void **state)
{
    (void)state;
    fr_layer_feed_offer(&queue, &small);
    assert_ptr_equal(device.feed->wanted, &small);
    fr_layer_feed_offer(&queue, &large);
    assert_ptr_equal(device.feed->wanted, &large);
    fr_layer_feed_offer(&queue, &small);
    assert_ptr_equal(device.feed->wanted, &large);
    assert_int_equal(num_sentences, 1);
    assert_int_equal(num_started, 1);
}

static void test_one_that_presents_over_one_that_is_still(void **state)
{
    (void)state;
    fr_layer_feed_offer(&queue, &large);
    now_ns += 2 * FR_LAYER_NS_PER_S - 1;
    fr_layer_feed_offer(&queue, &small);
    assert_ptr_equal(device.feed->wanted, &large);
    now_ns += 1;
    fr_layer_feed_offer(&queue, &small);
    assert_ptr_equal(device.feed->wanted, &small);
}

/* It is not tried again with each present, and another device's windows may have a thread. */
static void test_no_thread(void **state)
{
    (void)state;
    no_thread = true;
    fr_layer_feed_offer(&queue, &small);
    fr_layer_feed_offer(&queue, &large);
    assert_int_equal(num_started, 1);
    assert_null(device.feed);
    no_thread = false;
    fr_layer_feed_offer(&other_queue, &other);
    assert_ptr_equal(other_device.feed->wanted, &other);
}

static void test_a_device_that_is_unfit(void **state)
{
    (void)state;
    fr_layer_device_set_unfit(&device);
    fr_layer_feed_offer(&queue, &small);
    assert_int_equal(num_started, 0);
}

static void *present(void *user)
{
    fr_layer_swapchain *swapchain = user;
    for (uint32_t i = 0; i < PRESENTS; i++) {
        fr_layer_feed_offer(&queue, swapchain);
        fr_layer_feed_filled(swapchain, &swapchain->sink[0]);
    }
    return NULL;
}

static void *describe(void *user)
{
    while (!atomic_load_explicit(&presented, memory_order_relaxed))
        fr_layer_feed_wake(user);
    return NULL;
}

/* Each window takes over from the other as fast as they go, while HDR metadata is set. */
static void test_threads(void **state)
{
    (void)state;
    passes_ns = 2 * FR_LAYER_NS_PER_S;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        pthread_t describing, presenting[2];
        presented = false;
        assert_int_equal(pthread_create(&describing, NULL, describe, &small), 0);
        assert_int_equal(pthread_create(&presenting[0], NULL, present, &small), 0);
        assert_int_equal(pthread_create(&presenting[1], NULL, present, &large), 0);
        for (size_t i = 0; i < 2; i++)
            assert_int_equal(pthread_join(presenting[i], NULL), 0);
        presented = true;
        assert_int_equal(pthread_join(describing, NULL), 0);
        assert_true(device.feed->wanted == &small || device.feed->wanted == &large);
        fr_layer_feed_end(&device);
    }
    assert_int_equal(num_started, ROUNDS);
    assert_true(num_sentences > 0 && num_roused > num_sentences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_larger_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_that_presents_over_one_that_is_still, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_device_that_is_unfit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("vulkan layer choice", tests, NULL, NULL);
}
