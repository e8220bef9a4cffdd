/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "units.h"

static void sizes(void **state)
{
    (void)state;
    uint32_t w = 0, h = 0;
    assert_true(units_parse_size("1920x1080", &w, &h));
    assert_int_equal(w, 1920);
    assert_int_equal(h, 1080);
    assert_true(units_parse_size("1X16384", &w, &h));
    assert_int_equal(w, 1);
    assert_int_equal(h, 16384);
    static const char *const bad[] = {"",       "x",          "1920",         "1920x", "x1080",      "0x1080",
                                      "1920x0", "16385x1",    "1x16385",      "-1x1",  "1920x1080p", " 1x1",
                                      "1x 1",   "99999999x1", "1x4294967297", "1x1x1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        w = h = 7;
        assert_false(units_parse_size(bad[i], &w, &h));
        assert_int_equal(w, 7);
        assert_int_equal(h, 7);
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {{"5", 5000},    {"5s", 5000},   {"2m", 120000}, {"2min", 120000}, {"1h", 3600000},
                {"750ms", 750}, {"2.5s", 2500}, {"0.25", 250},  {"3000us", 3}};
    uint64_t ns;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(units_parse_duration(good[i].text, &ns));
        assert_int_equal(ns, good[i].ms * 1000000);
    }
    static const char *const bad[] = {"",
                                      "0",
                                      "0s",
                                      "-1",
                                      "s",
                                      "5x",
                                      "5 s",
                                      "1e3",
                                      "inf",
                                      "nan",
                                      "1.2.3",
                                      "9999999h",
                                      "111111111111111111111"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(units_parse_duration(bad[i], &ns));
}

static void spins(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {{"0", 0},         {"50us", 50000},    {"0.5us", 500},
                {"2ms", 2000000}, {"1s", 1000000000}, {"1", 1000000000}};
    uint64_t ns;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(units_parse_spin(good[i].text, &ns));
        assert_int_equal(ns, good[i].ns);
    }
    static const char *const bad[] = {"", "-1us", "us", "50 us", "1.1s", "2", "1m", "50ns", "inf"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(units_parse_spin(bad[i], &ns));
}

static void rates_and_numbers(void **state)
{
    (void)state;
    uint32_t milli;
    uint64_t number;
    assert_true(units_parse_milli("59.94", 1000, 1000000, &milli));
    assert_int_equal(milli, 59940);
    assert_true(units_parse_milli("1000", 1000, 1000000, &milli));
    assert_false(units_parse_milli("0", 1000, 1000000, &milli));
    assert_false(units_parse_milli("1001", 1000, 1000000, &milli));
    assert_false(units_parse_milli("60fps", 1000, 1000000, &milli));
    assert_true(units_parse_number("0xffffffff", 0, UINT32_MAX, &number));
    assert_int_equal(number, UINT32_MAX);
    assert_false(units_parse_number("4294967296", 0, UINT32_MAX, &number));
    assert_false(units_parse_number("99999999999999999999999", 0, UINT64_MAX, &number));
    assert_false(units_parse_number("-1", 0, UINT64_MAX, &number));
    assert_false(units_parse_number("", 0, 1, &number));
}

static void clocks(void **state)
{
    (void)state;
    char text[24];
    assert_string_equal(units_write_clock(text, sizeof text, 0), "00:00");
    assert_string_equal(units_write_clock(text, sizeof text, UINT64_C(125) * 1000000000), "02:05");
    assert_string_equal(units_write_clock(text, sizeof text, UINT64_C(3723) * 1000000000), "1:02:03");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),  cmocka_unit_test(durations),
        cmocka_unit_test(spins),  cmocka_unit_test(rates_and_numbers),
        cmocka_unit_test(clocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
