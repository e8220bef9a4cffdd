/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cmocka_all.h"

#include "common/feed.h"
#include "common/value.h"

static void reads_sizes(void **state)
{
    (void)state;
    uint32_t width = 7, height = 8;
    static const char *const bad[] = {
        "",         "1920", "1920x",     "x1080",      "0x5",        "5x0",   "1x1x",
        "16385x16", "-1x5", "1920X1080", " 1920x1080", "1920x1080 ", "1.5x2", "99999999999999999999x1"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(fr_value_size(bad[i], &width, &height));
    assert_int_equal(width, 7);
    assert_int_equal(height, 8);
    assert_true(fr_value_size("16384x1", &width, &height));
    assert_int_equal(width, 16384);
    assert_int_equal(height, 1);
}

static void reads_rates(void **state)
{
    (void)state;
    uint32_t mhz = 0;
    assert_true(fr_value_rate("59.94", &mhz));
    assert_int_equal(mhz, 59940);
    assert_true(fr_value_rate("0.1", &mhz));
    assert_int_equal(mhz, 100);
    assert_true(fr_value_rate("1000", &mhz));
    assert_int_equal(mhz, 1000000);
    assert_false(fr_value_rate("0", &mhz));
    assert_false(fr_value_rate("1000.1", &mhz));
    assert_false(fr_value_rate("60.", &mhz));
    assert_false(fr_value_rate("60,5", &mhz));
    assert_false(fr_value_rate("-60", &mhz));
}

static void reads_durations(void **state)
{
    (void)state;
    uint64_t ns = 0;
    assert_true(fr_value_duration("2s", &ns));
    assert_int_equal(ns, 2 * FR_NS_PER_S);
    assert_true(fr_value_duration("1.25s", &ns));
    assert_int_equal(ns, 1250 * FR_NS_PER_MS);
    assert_true(fr_value_duration("250ms", &ns));
    assert_int_equal(ns, 250 * FR_NS_PER_MS);
    assert_true(fr_value_duration("0s", &ns));
    assert_int_equal(ns, 0);
    assert_false(fr_value_duration("2", &ns));
    assert_false(fr_value_duration("s", &ns));
    assert_false(fr_value_duration("2m", &ns));
    assert_false(fr_value_duration("86401s", &ns));
    assert_false(fr_value_duration("99999999999999999999s", &ns));
}

/* Frames stay on their grid, and a long pause is not caught up with. */
static void paces_frames(void **state)
{
    (void)state;
    const uint32_t mhz = 100000; /* 10 ms */
    fr_pacer pacer = {0};
    uint64_t now = FR_NS_PER_S;
    assert_int_equal(fr_pacer_wait_ns(&pacer, now), 0);
    fr_pacer_advance(&pacer, now, mhz);
    assert_int_equal(fr_pacer_wait_ns(&pacer, now), 10 * FR_NS_PER_MS);
    now += 13 * FR_NS_PER_MS;
    fr_pacer_advance(&pacer, now, mhz);
    assert_int_equal(fr_pacer_wait_ns(&pacer, now), 7 * FR_NS_PER_MS);
    now += FR_NS_PER_S;
    assert_int_equal(fr_pacer_wait_ns(&pacer, now), 0);
    fr_pacer_advance(&pacer, now, mhz);
    assert_int_equal(fr_pacer_wait_ns(&pacer, now), 10 * FR_NS_PER_MS);
    fr_pacer_advance(&pacer, now, 0);
    fr_pacer free_running = {0};
    fr_pacer_advance(&free_running, now, 0);
    assert_int_equal(fr_pacer_wait_ns(&free_running, now), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_sizes),
        cmocka_unit_test(reads_rates),
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(paces_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
