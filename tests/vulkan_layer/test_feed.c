/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The connection: what the layer asks of the library; that a device which the library alone finds lost is
 * given up as one that the driver says is, and the next is captured; and what a copy that hangs keeps. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/feed_inside.h"
#include "vulkan-layer/settings.h"
#include "vulkan-layer/stats.h"

#include <framering/frame.h>

#include <string.h>
#include <unistd.h>

/* Stands for any handle. */
#define HANDLE(type, number) ((type)(uintptr_t)(number))

static _Atomic int polled;
static atomic_uint opened, closed, said, polls;
static atomic_uint pools, pools_gone, copiers_gone;
static atomic_bool hang;         /* the next copy never ends */
static _Atomic(VkDevice) newest; /* the device that the source was opened with */
static atomic_uint patience_ms;  /* ... and how long it may wait for a slot */

/* ---- the library ---- */

fr_status fr_source_open(fr_source **out, const fr_source_params *params)
{
    atomic_store(&newest, params->vulkan->device);
    atomic_store(&patience_ms, params->vulkan->acquire_wait_ms);
    atomic_fetch_add(&opened, 1);
    *out = HANDLE(fr_source *, 8);
    return FR_OK;
}

void fr_source_close(fr_source **source)
{
    *source = NULL;
    atomic_fetch_add(&closed, 1);
}

fr_status fr_source_poll(fr_source *source, uint64_t timeout_ns)
{
    (void)source, (void)timeout_ns;
    atomic_fetch_add(&polls, 1);
    return (fr_status)atomic_load(&polled);
}

int fr_source_fd(const fr_source *source)
{
    (void)source;
    return -1;
}

void fr_source_cancel(fr_source *source)
{
    (void)source;
}

fr_status fr_source_announce(fr_source *source, const fr_display_descriptor *display)
{
    (void)source, (void)display;
    return FR_OK;
}

fr_status fr_source_set_hdr_metadata(fr_source *source, const fr_hdr_metadata *hdr)
{
    (void)source, (void)hdr;
    return FR_OK;
}

/* ---- the layer's other parts ---- */

const fr_layer_settings *fr_layer_settings_get(void)
{
    static const fr_layer_settings settings = {.has_target = true, .target_id = 7};
    return &settings;
}

fr_log fr_layer_log(void)
{
    return (fr_log){0};
}

void fr_layer_say(const char *format, ...)
{
    atomic_fetch_add(&said, strstr(format, "lost") != NULL);
}

fr_layer_moment fr_layer_moment_now(void)
{
    return (fr_layer_moment){0};
}

void fr_layer_stats_note_thread(uint64_t cpu_ns)
{
    (void)cpu_ns;
}

void fr_layer_stats_say(void)
{
}

fr_display_descriptor fr_layer_display(const fr_layer_plan *plan, uint32_t width, uint32_t height)
{
    (void)plan;
    return (fr_display_descriptor){.mode = {width, height, 0}};
}

bool fr_layer_copier_init(fr_layer_copier *copier, const fr_layer_device *device)
{
    (void)copier, (void)device;
    return false;
}

void fr_layer_copier_finish(fr_layer_copier *copier, const fr_layer_device *device)
{
    (void)copier, (void)device;
    atomic_fetch_add(&copiers_gone, 1);
}

bool fr_layer_claims_expire(struct fr_layer_feed *feed, uint64_t now_ns, bool due)
{
    (void)feed, (void)now_ns, (void)due;
    return true;
}

void fr_layer_claims_make(struct fr_layer_feed *feed, fr_layer_patience patience)
{
    (void)feed, (void)patience;
}

uint64_t fr_layer_claims_wait_ns(const struct fr_layer_feed *feed, uint64_t now_ns)
{
    (void)feed, (void)now_ns;
    return FR_LAYER_NS_PER_MS;
}

void fr_layer_frames_collect(struct fr_layer_feed *feed)
{
    if (!atomic_exchange(&hang, false))
        return;
    feed->over = feed->hung = true;
    feed->news = true; /* due for a poll */
    atomic_store(&polls, 0);
}

void fr_layer_frames_drop(struct fr_layer_feed *feed)
{
    (void)feed;
}

void fr_layer_frames_follow(struct fr_layer_feed *feed)
{
    (void)feed;
}

bool fr_layer_frames_now(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    (void)feed, (void)sink;
    return true;
}

/* ---- a program ---- */

static VKAPI_ATTR VkResult VKAPI_CALL create_pool(VkDevice device, const VkCommandPoolCreateInfo *info,
                                                  const VkAllocationCallbacks *allocator, VkCommandPool *out)
{
    (void)device, (void)info, (void)allocator;
    *out = HANDLE(VkCommandPool, 9);
    atomic_fetch_add(&pools, 1);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL destroy_pool(VkDevice device, VkCommandPool pool,
                                               const VkAllocationCallbacks *allocator)
{
    (void)device, (void)allocator;
    atomic_fetch_add(&pools_gone, pool != VK_NULL_HANDLE);
}

struct program {
    fr_layer_instance instance;
    fr_layer_device device;
    fr_layer_queue queue, other;
    fr_layer_swapchain swapchain;
};

static void start(struct program *program, unsigned handle)
{
    *program = (struct program){
        .device = {.instance = &program->instance, .handle = HANDLE(VkDevice, handle)},
        .queue = {.device = &program->device, .flags = VK_QUEUE_TRANSFER_BIT},
        .other = {.device = &program->device, .flags = VK_QUEUE_TRANSFER_BIT},
        .swapchain = {.device = &program->device, .width = 64, .height = 36},
    };
    program->device.vk.CreateCommandPool = create_pool;
    program->device.vk.DestroyCommandPool = destroy_pool;
    pthread_mutex_init(&program->queue.mutex, NULL);
    pthread_mutex_init(&program->other.mutex, NULL);
    pthread_mutex_init(&program->swapchain.hdr_mutex, NULL);
    fr_layer_feed_offer(&program->queue, &program->swapchain);
}

static void end(struct program *program)
{
    fr_layer_feed_leave(&program->swapchain);
    fr_layer_feed_end(&program->device);
}

/* Until it is so, ten seconds at most. */
#define WAIT_FOR(condition)                                                                                  \
    do {                                                                                                     \
        unsigned tries = 0;                                                                                  \
        while (!(condition)) {                                                                               \
            assert_in_range(tries++, 0, 10000);                                                              \
            (void)usleep(1000);                                                                              \
        }                                                                                                    \
    } while (0)

/* From now on it presents by its other queue. */
static void change_queue(struct program *program)
{
    const unsigned before = atomic_load(&pools);
    fr_layer_feed_leave(&program->swapchain);
    fr_layer_feed_offer(&program->other, &program->swapchain);
    WAIT_FOR(atomic_load(&pools) == before + 1);
}

/* A present claims the next slot itself. */
static void test_no_slot_is_waited_for(void **state)
{
    (void)state;
    static struct program program;
    const unsigned before = atomic_load(&opened);
    atomic_store(&polled, FR_OK);
    atomic_store(&patience_ms, UINT32_MAX);
    start(&program, 4);
    WAIT_FOR(atomic_load(&opened) == before + 1);
    assert_int_equal(atomic_load(&patience_ms), 0); /* none */
    end(&program);
}

static void test_poll_tells(void **state)
{
    (void)state;
    static struct program first, second;
    atomic_store(&polled, FR_OK);
    start(&first, 1);
    WAIT_FOR(atomic_load(&opened) == 1);
    assert_false(atomic_load(&first.device.lost));
    atomic_store(&polled, FR_ERR_DEVICE_LOST);
    WAIT_FOR(atomic_load(&first.device.lost) && atomic_load(&closed) == 1);
    atomic_store(&polled, FR_OK);
    assert_int_equal(atomic_load(&said), 1);
    start(&second, 2);
    WAIT_FOR(atomic_load(&opened) == 2);
    assert_ptr_equal(atomic_load(&newest), HANDLE(VkDevice, 2));
    assert_false(atomic_load(&second.device.lost));
    end(&first);
    end(&second);
    assert_int_equal(atomic_load(&said), 1);
    assert_int_equal(atomic_load(&closed), 2);
}

/* Whatever else the host or the library says is no word on the device. */
static void test_other_ends_do_not(void **state)
{
    (void)state;
    static struct program program;
    const unsigned before = atomic_load(&closed);
    atomic_store(&polled, FR_ERR_REFUSED);
    start(&program, 3);
    WAIT_FOR(atomic_load(&closed) > before); /* it is tried again, which is refused again */
    assert_false(atomic_load(&program.device.lost));
    end(&program);
}

/* What a queue's copies were made by goes when another is used, and at the end. */
static void test_pools_go(void **state)
{
    (void)state;
    static struct program program;
    const unsigned opens = atomic_load(&opened), gone = atomic_load(&pools_gone),
                   copiers = atomic_load(&copiers_gone);
    atomic_store(&polled, FR_OK);
    start(&program, 6);
    WAIT_FOR(atomic_load(&opened) == opens + 1);
    change_queue(&program);
    assert_int_equal(atomic_load(&pools_gone), gone + 1);
    end(&program);
    assert_int_equal(atomic_load(&pools_gone), gone + 2);
    assert_int_equal(atomic_load(&copiers_gone), copiers + 1);
}

/* It may still write to a slot, which the library would take away in a poll or a close; and its commands, and
 * what they use, are not the layer's to destroy. */
static void test_what_hangs_keeps_all_it_has(void **state)
{
    (void)state;
    static struct program program;
    const unsigned opens = atomic_load(&opened), closes = atomic_load(&closed);
    const unsigned gone = atomic_load(&pools_gone), copiers = atomic_load(&copiers_gone);
    atomic_store(&polled, FR_OK);
    start(&program, 5);
    WAIT_FOR(atomic_load(&opened) == opens + 1);
    atomic_store(&hang, true);
    WAIT_FOR(!atomic_load(&hang));
    (void)usleep(50000); /* many turns */
    change_queue(&program);
    end(&program);
    assert_int_equal(atomic_load(&polls), 0);
    assert_int_equal(atomic_load(&closed), closes);
    assert_int_equal(atomic_load(&opened), opens + 1);
    assert_int_equal(atomic_load(&pools_gone), gone);
    assert_int_equal(atomic_load(&copiers_gone), copiers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poll_tells),
        cmocka_unit_test(test_other_ends_do_not),
        cmocka_unit_test(test_no_slot_is_waited_for),
        cmocka_unit_test(test_pools_go),
        cmocka_unit_test(test_what_hangs_keeps_all_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
