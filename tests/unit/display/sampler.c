/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display/feed.h"
#include "os/atomic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Its words are shared with the sampling thread. */
struct screen {
    uint32_t samples;
    uint32_t hdr;
    uint32_t requests;
    uint32_t fails;
    uint32_t held; /* a sample does not go on */
    uint32_t slow_ms;
    uint32_t inside;   /* a call of ours is under way */
    uint32_t overlaps; /* another one came meanwhile */
    /* The sampling thread's: when the last sample was over, and the least time from there to the next. */
    uint64_t sampled_ns, least_gap_ns;
};

static void sleep_ms(uint32_t ms)
{
    const struct fr_os os = fr_os_native();
    os.ops->wait(os.self, NULL, 0, ms * FR_NS_PER_MS);
}

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static void enter(struct screen *screen)
{
    if (fr_add_acq_rel_u32(&screen->inside, 1) != 1)
        fr_add_acq_rel_u32(&screen->overlaps, 1);
}

static fr_status screen_sample(void *self, fr_display_descriptor *out)
{
    struct screen *screen = self;
    const uint64_t gap_ns = now_ns() - screen->sampled_ns;
    if (screen->sampled_ns && (!screen->least_gap_ns || gap_ns < screen->least_gap_ns))
        screen->least_gap_ns = gap_ns;
    enter(screen);
    while (fr_load_acquire_u32(&screen->held))
        sleep_ms(1);
    sleep_ms(fr_load_acquire_u32(&screen->slow_ms));
    const uint32_t number = fr_add_acq_rel_u32(&screen->samples, 1);
    *out = (fr_display_descriptor){.mode = {number, 1080, 60000}};
    out->colour_state = fr_load_acquire_u32(&screen->hdr) ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR;
    fr_sub_acq_rel_u32(&screen->inside, 1);
    screen->sampled_ns = now_ns();
    return fr_load_acquire_u32(&screen->fails) ? FR_ERR_SYSTEM : FR_OK;
}

static fr_status screen_set_hdr(void *self, bool on)
{
    struct screen *screen = self;
    enter(screen);
    fr_add_acq_rel_u32(&screen->requests, 1);
    fr_store_release_u32(&screen->hdr, on);
    fr_sub_acq_rel_u32(&screen->inside, 1);
    return FR_OK;
}

struct rig {
    struct screen screen;
    struct fr_os os;
    struct fr_event notify;
    struct fr_display_feed feed;
};

static void rig_open(struct rig *rig, uint64_t interval_ns, bool can_hdr)
{
    rig->os = fr_os_native();
    assert_int_equal(rig->os.ops->event_create(rig->os.self, NULL, &rig->notify), FR_OK);
    const fr_display_provider provider = {
        .self = &rig->screen, .sample = screen_sample, .set_hdr = can_hdr ? screen_set_hdr : NULL};
    assert_int_equal(fr_display_sampler_create(&rig->feed, &provider, interval_ns, &rig->notify), FR_OK);
}

static void rig_close(struct rig *rig)
{
    rig->feed.ops->destroy(rig->feed.self);
    assert_int_equal(rig->screen.overlaps, 0);
    rig->os.ops->event_close(rig->os.self, &rig->notify);
}

#define WAIT_NS (20 * FR_NS_PER_S) /* far beyond what anything here takes */

/* The next sample. */
static fr_display_descriptor rig_next(struct rig *rig)
{
    const struct fr_event *const events[] = {&rig->notify};
    fr_display_descriptor sample = {0};
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (rig->feed.ops->poll(rig->feed.self, &sample) != FR_OK) {
        assert_true(now_ns() < deadline);
        rig->os.ops->wait(rig->os.self, events, 1, FR_NS_PER_S);
    }
    return sample;
}

static void samples_come_one_by_one(void **state)
{
    (void)state;
    struct rig rig = {0};
    rig_open(&rig, 30 * FR_NS_PER_MS, true);
    const fr_display_descriptor first = rig_next(&rig);
    assert_int_equal(first.mode.height, 1080);
    rig_next(&rig);
    const fr_display_descriptor third = rig_next(&rig);
    assert_true(third.mode.width >= first.mode.width + 2);
    rig_close(&rig);
    assert_true(rig.screen.least_gap_ns >= 30 * FR_NS_PER_MS);
}

static void only_the_newest_sample_is_kept(void **state)
{
    (void)state;
    struct rig rig = {0};
    fr_display_descriptor sample;
    rig_open(&rig, 5 * FR_NS_PER_MS, true);
    /* The last one that was made may not be there yet. */
    while (fr_load_acquire_u32(&rig.screen.samples) < 6)
        sleep_ms(1);
    assert_int_equal(rig.feed.ops->poll(rig.feed.self, &sample), FR_OK);
    assert_true(sample.mode.width >= 4);
    rig_close(&rig);
}

static void a_failed_sample_is_none(void **state)
{
    (void)state;
    struct rig rig = {.screen.fails = 1};
    fr_display_descriptor sample;
    rig_open(&rig, 5 * FR_NS_PER_MS, true);
    while (fr_load_acquire_u32(&rig.screen.samples) < 3)
        sleep_ms(1);
    assert_int_equal(rig.feed.ops->poll(rig.feed.self, &sample), FR_AGAIN);
    fr_store_release_u32(&rig.screen.fails, 0);
    rig_next(&rig);
    rig_close(&rig);
}

/* Asks, and waits until the settling is long over. False: a thread was not run meanwhile, and took fewer
 * samples, or took them later. */
static bool settles(struct rig *rig)
{
    const uint32_t requests = fr_load_acquire_u32(&rig->screen.requests);
    const uint32_t before = fr_load_acquire_u32(&rig->screen.samples);
    assert_int_equal(rig->feed.ops->request_hdr(rig->feed.self, true), FR_OK);
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (fr_load_acquire_u32(&rig->screen.requests) == requests) {
        assert_true(now_ns() < deadline);
        sleep_ms(1);
    }
    assert_int_equal(rig_next(rig).colour_state, FR_COLOUR_STATE_HDR);
    sleep_ms(400);
    const uint32_t settled = fr_load_acquire_u32(&rig->screen.samples);
    /* At most one each 25 ms for 250 ms, the first, and one that was under way. */
    assert_true(settled - before <= 12);
    sleep_ms(100);
    return settled - before >= 3 && fr_load_acquire_u32(&rig->screen.samples) == settled;
}

/* The interval is far beyond the test's time: only the settling after the request can bring these samples. */
static void a_request_is_passed_on_and_looked_after(void **state)
{
    (void)state;
    struct rig rig = {0};
    rig_open(&rig, 60 * FR_NS_PER_S, true);
    assert_int_equal(rig_next(&rig).colour_state, FR_COLOUR_STATE_SDR);
    uint32_t requests = 1;
    while (!settles(&rig) && requests < 5)
        requests++;
    assert_true(requests < 5);
    assert_int_equal(fr_load_acquire_u32(&rig.screen.requests), requests);
    rig_close(&rig);
}

static void a_display_without_hdr_cannot_be_asked(void **state)
{
    (void)state;
    struct rig rig = {0};
    rig_open(&rig, 5 * FR_NS_PER_MS, false);
    assert_int_equal(rig.feed.ops->request_hdr(rig.feed.self, true), FR_ERR_UNSUPPORTED);
    rig_next(&rig);
    rig_close(&rig);
}

static void slow_samples_block_nobody_but_destroy(void **state)
{
    (void)state;
    struct rig rig = {.screen.held = 1};
    fr_display_descriptor sample;
    rig_open(&rig, FR_NS_PER_MS, true);
    while (!fr_load_acquire_u32(&rig.screen.inside))
        sleep_ms(1);
    const uint64_t begin = now_ns();
    assert_int_equal(rig.feed.ops->poll(rig.feed.self, &sample), FR_AGAIN);
    assert_int_equal(rig.feed.ops->request_hdr(rig.feed.self, true), FR_OK);
    const uint64_t took = now_ns() - begin;
    print_message("poll and request beside a slow sample: %u us\n", (unsigned)(took / 1000));
    fr_store_release_u32(&rig.screen.slow_ms, 100);
    fr_store_release_u32(&rig.screen.held, 0);
    rig_close(&rig);
    assert_int_equal(fr_load_acquire_u32(&rig.screen.inside), 0);
    const uint32_t samples = fr_load_acquire_u32(&rig.screen.samples);
    sleep_ms(50);
    assert_int_equal(fr_load_acquire_u32(&rig.screen.samples), samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_one_by_one),
        cmocka_unit_test(only_the_newest_sample_is_kept),
        cmocka_unit_test(a_failed_sample_is_none),
        cmocka_unit_test(a_request_is_passed_on_and_looked_after),
        cmocka_unit_test(a_display_without_hdr_cannot_be_asked),
        cmocka_unit_test(slow_samples_block_nobody_but_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
