/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "clock.h"
#include "histogram.h"
#include "pace.h"
#include "progress.h"
#include "supervise.h"

#include <stdlib.h>
#include <string.h>

static void within(uint64_t value, uint64_t wanted, double relative)
{
    double error = (double)value / (double)wanted - 1.0;
    assert_true(error <= relative && error >= -relative);
}

static void percentiles(void **state)
{
    (void)state;
    struct histogram *h = calloc(1, sizeof *h);
    assert_non_null(h);
    assert_int_equal(histogram_at(h, 0.5), 0);
    for (uint64_t i = 1; i <= 10000; i++)
        histogram_add(h, i * 1000);
    within(histogram_at(h, 0.50), 5000000, 0.01);
    within(histogram_at(h, 0.99), 9900000, 0.01);
    assert_int_equal(h->count, 10000);
    assert_int_equal(h->max, 10000000);
    assert_true(histogram_at(h, 1.0) <= h->max);
    free(h);
}

static void histogram_extremes(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 63, 64, 65, 127, 128, 1u << 20, UINT64_MAX / 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct histogram *h = calloc(1, sizeof *h);
        assert_non_null(h);
        histogram_add(h, values[i]);
        uint64_t got = histogram_at(h, 0.99);
        if (values[i] < 64)
            assert_int_equal(got, values[i]);
        else
            within(got, values[i], 1.0 / 64);
        free(h);
    }
}

/* How many of `count` arrivals, `period` apart and late by up to `jitter`, a taker that is paced gets. */
static unsigned taken(uint32_t cap_mhz, uint64_t period, uint64_t jitter, unsigned count)
{
    struct pace pace;
    pace_init(&pace, cap_mhz);
    uint64_t start = NS_PER_S, now = start;
    uint32_t random = 12345;
    uint64_t arrival[4000];
    for (unsigned i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;
        arrival[i] = start + i * period + (jitter ? random % jitter : 0);
    }
    unsigned frames = 0;
    for (unsigned next = 0; next < count;) {
        if (now < arrival[next])
            now = arrival[next];
        now += pace_wait_ns(&pace, now);
        while (next < count && arrival[next] <= now) /* the newest wins */
            next++;
        frames++;
        pace_taken(&pace, now);
    }
    return frames;
}

static void equal_rates_lose_nothing(void **state)
{
    (void)state;
    const uint64_t period = NS_PER_S / 60;
    assert_int_equal(taken(60000, period, 0, 3000), 3000);
    assert_int_equal(taken(60000, period, period / 2, 3000), 3000);
    assert_int_equal(taken(0, period / 10, 0, 3000), 3000);
}

/* Four frames come at once and use up all credit: what has to wait for its turn then does not for long. */
static void a_hasty_start_is_made_up_for(void **state)
{
    (void)state;
    const uint64_t period = NS_PER_S / 60;
    struct pace pace;
    pace_init(&pace, 60000);
    for (uint64_t i = 0; i < 4; i++)
        pace_taken(&pace, NS_PER_S + i * NS_PER_MS + pace_wait_ns(&pace, NS_PER_S + i * NS_PER_MS));
    for (uint64_t i = 1; i <= 600; i++) {
        const uint64_t arrival = NS_PER_S + 3 * NS_PER_MS + i * period;
        const uint64_t wait = pace_wait_ns(&pace, arrival);
        pace_taken(&pace, arrival + wait);
        if (i == 1)
            assert_true(wait > 10 * NS_PER_MS);
        else if (i == 600)
            assert_int_equal(wait, 0);
    }
}

static void faster_sources_are_capped(void **state)
{
    (void)state;
    unsigned frames = taken(60000, NS_PER_S / 400, 0, 4000); /* ten seconds */
    assert_in_range(frames, 595, 605);
    assert_int_equal(taken(60000, NS_PER_S / 30, NS_PER_MS, 300), 300);
}

static void backoff(void **state)
{
    (void)state;
    assert_int_equal(supervisor_backoff_ns(1), 100 * NS_PER_MS);
    assert_int_equal(supervisor_backoff_ns(2), 500 * NS_PER_MS);
    for (unsigned i = 2; i < 20; i++)
        assert_true(supervisor_backoff_ns(i) >= supervisor_backoff_ns(i - 1));
    assert_int_equal(supervisor_backoff_ns(1000000), 5 * NS_PER_S);
}

static void progress_line(void **state)
{
    (void)state;
    struct progress p;
    fr_capture_info info = {.state = FR_CAPTURE_REBUILDING, .dropped = 3, .out_format = FR_FORMAT_NV12};
    info.display.mode = (fr_mode){1920, 1080, 60000};
    info.display.colour_state = FR_COLOUR_STATE_SDR;
    info.newest_present_ns = 100 * NS_PER_S;
    char line[400];
    progress_init(&p, true, 95 * NS_PER_S);
    p.fresh_rate = 59.96;
    progress_format(&p, 100 * NS_PER_S + 12 * NS_PER_MS, &info, "a.mkv", line, sizeof line);
    assert_non_null(strstr(line, "00:05"));
    assert_non_null(strstr(line, "60.0 fresh/s"));
    assert_non_null(strstr(line, "3 dropped"));
    assert_non_null(strstr(line, "age 12 ms"));
    assert_non_null(strstr(line, "1920x1080 nv12 sdr"));
    assert_non_null(strstr(line, "rebuilding"));
    assert_non_null(strstr(line, "a.mkv"));
    assert_true(progress_is_due(&p, 96 * NS_PER_S));
    p.enabled = false;
    assert_false(progress_is_due(&p, 96 * NS_PER_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles),
        cmocka_unit_test(histogram_extremes),
        cmocka_unit_test(equal_rates_lose_nothing),
        cmocka_unit_test(a_hasty_start_is_made_up_for),
        cmocka_unit_test(faster_sources_are_capped),
        cmocka_unit_test(backoff),
        cmocka_unit_test(progress_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
