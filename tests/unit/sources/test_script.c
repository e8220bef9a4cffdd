/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cmocka_all.h"

#include "common/program.h"
#include "pattern/script.h"
#include "pattern/show.h"

static void reads_every_action(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0s:hdr=on",           "1s:hdr=off",       "2s:wcg=on",  "3s:size=2560x1440", "4s:format=rgb10a2",
        "5s:fps=29.97",        "6s:fps=max",       "7s:idle=1s", "8s:stall=250ms",    "9s:mismatch=1s",
        "10s:hang-writing=1s", "11s:kill-writing", "12s:kill",   "13s:garbage",       "14s:exit",
        "15s:exit=255",
    };
    const uint32_t num = sizeof(good) / sizeof(good[0]);
    fr_script script = {0};
    for (uint32_t i = 0; i < num; i++)
        assert_null(fr_script_add(&script, good[i]));
    assert_int_equal(script.num_steps, num);
    assert_int_equal(script.steps[0].colour_state, FR_COLOUR_STATE_HDR);
    assert_int_equal(script.steps[1].colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(script.steps[2].colour_state, FR_COLOUR_STATE_SDR_WCG);
    assert_int_equal(script.steps[3].width, 2560);
    assert_int_equal(script.steps[4].format, FR_FORMAT_RGB10A2);
    assert_int_equal(script.steps[5].refresh_mhz, 29970);
    assert_int_equal(script.steps[6].refresh_mhz, 0);
    assert_int_equal(script.steps[8].duration_ns, 250 * FR_NS_PER_MS);
    assert_int_equal(script.steps[15].exit_code, 255);
}

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ":",
        "2s",
        "2s:",
        "2:exit",
        "s:exit",
        "2s:exit=256",
        "2s:exit=",
        "2s:exit=-1",
        "2s:hdr",
        "2s:hdr=yes",
        "2s:size=0x5",
        "2s:size=16385x1",
        "2s:fps=0",
        "2s:stall",
        "2s:stall=5",
        "2s:kill=now",
        "2s:dance",
        "2s:format=nv12",
        "2s:format=xyz",
        "-1s:exit",
        "f:exit",
        "-1f:exit",
        "1.5f:exit",
        "4294967297f:exit",
        "2s :exit",
        "2s: exit",
        "11111111111111111111111111111111111111s:exit",
    };
    fr_script script = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_non_null(fr_script_add(&script, bad[i]));
    assert_int_equal(script.num_steps, 0);
}

static void runs_in_order_of_time(void **state)
{
    (void)state;
    fr_script script = {0};
    assert_null(fr_script_add(&script, "3s:exit"));
    assert_null(fr_script_add(&script, "1s:hdr=on"));
    assert_null(fr_script_add(&script, "1s:kill"));
    assert_null(fr_script_add(&script, "500ms:garbage"));
    assert_null(fr_script_take(&script, 499 * FR_NS_PER_MS, 0));
    assert_int_equal(fr_script_wait_ns(&script, 400 * FR_NS_PER_MS, FR_NS_PER_S), 100 * FR_NS_PER_MS);
    assert_int_equal(fr_script_wait_ns(&script, 400 * FR_NS_PER_MS, 50), 50);
    assert_int_equal(fr_script_take(&script, 600 * FR_NS_PER_MS, 0)->action, FR_SCRIPT_GARBAGE);
    assert_null(fr_script_take(&script, 600 * FR_NS_PER_MS, 0));
    assert_int_equal(fr_script_take(&script, 9 * FR_NS_PER_S, 0)->action, FR_SCRIPT_COLOUR);
    assert_int_equal(fr_script_take(&script, 9 * FR_NS_PER_S, 0)->action, FR_SCRIPT_KILL);
    assert_int_equal(fr_script_wait_ns(&script, 9 * FR_NS_PER_S, FR_NS_PER_S), 0);
    assert_int_equal(fr_script_take(&script, 9 * FR_NS_PER_S, 0)->action, FR_SCRIPT_EXIT);
    assert_null(fr_script_take(&script, 9 * FR_NS_PER_S, 0));
    assert_int_equal(fr_script_wait_ns(&script, 9 * FR_NS_PER_S, 5), 5);
}

static void runs_by_frames_in_the_order_given(void **state)
{
    (void)state;
    fr_script script = {0};
    assert_null(fr_script_add(&script, "60f:hdr=on"));
    assert_null(fr_script_add(&script, "15f:hdr=off"));
    assert_null(fr_script_add(&script, "0f:idle=1s"));
    assert_null(fr_script_add(&script, "1f:exit"));
    assert_non_null(fr_script_add(&script, "1s:exit"));
    assert_null(fr_script_take(&script, FR_NS_PER_S, 59));
    assert_int_equal(fr_script_wait_ns(&script, FR_NS_PER_S, 7), 7);
    assert_int_equal(fr_script_take(&script, 0, 60)->colour_state, FR_COLOUR_STATE_HDR);
    assert_null(fr_script_take(&script, FR_NS_PER_S, 0));
    assert_int_equal(fr_script_take(&script, FR_NS_PER_S, 15)->colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(fr_script_take(&script, FR_NS_PER_S, 0)->action, FR_SCRIPT_IDLE);
    assert_null(fr_script_take(&script, FR_NS_PER_S, 0));
    assert_int_equal(fr_script_take(&script, FR_NS_PER_S, 1)->action, FR_SCRIPT_EXIT);
    assert_null(fr_script_take(&script, FR_NS_PER_S, 1000));

    fr_script timed = {0};
    assert_null(fr_script_add(&timed, "1s:hdr=on"));
    assert_non_null(fr_script_add(&timed, "60f:exit"));
}

static void has_room_for_256_steps(void **state)
{
    (void)state;
    fr_script script = {0};
    for (uint32_t i = 0; i < FR_SCRIPT_MAX_STEPS; i++)
        assert_null(fr_script_add(&script, "1s:hdr=on"));
    assert_non_null(fr_script_add(&script, "1s:hdr=on"));
}

static void a_format_brings_its_colour_state(void **state)
{
    (void)state;
    static fr_show_options options = {.colour_state = FR_COLOUR_STATE_SDR};
    fr_show_set_format(&options, FR_FORMAT_RGB10A2);
    assert_int_equal(options.colour_state, FR_COLOUR_STATE_HDR);
    fr_show_set_format(&options, FR_FORMAT_RGBA8);
    assert_int_equal(options.colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(options.hdr_format, FR_FORMAT_RGB10A2);
    assert_int_equal(options.sdr_format, FR_FORMAT_RGBA8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_action),     cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(runs_in_order_of_time),  cmocka_unit_test(runs_by_frames_in_the_order_given),
        cmocka_unit_test(has_room_for_256_steps), cmocka_unit_test(a_format_brings_its_colour_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
