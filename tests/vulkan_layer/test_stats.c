/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a frame is said to cost: everything from its present to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/settings.h"
#include "vulkan-layer/stats.h"

#include <stdio.h>
#include <string.h>

enum { US = 1000 };

static char said[8192];

const fr_layer_settings *fr_layer_settings_get(void)
{
    static const fr_layer_settings settings = {.stats = true};
    return &settings;
}

void fr_layer_say(const char *format, ...)
{
    const size_t length = strlen(said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(said + length, sizeof(said) - length, format, arguments);
    va_end(arguments);
    strncat(said, "\n", sizeof(said) - strlen(said) - 1);
}

static void has_line(const char *line)
{
    if (!strstr(said, line))
        fail_msg("\"%s\" is not in:\n%s", line, said);
}

/* Two frames: the second one ends with no present after it, and is none. */
static void test_all_counts(void **state)
{
    (void)state;
    fr_layer_stats_note_thread(900 * US); /* before there was a frame */
    fr_layer_stats_note(FR_LAYER_FATE_SLOT, 10 * US, 14 * US);
    fr_layer_stats_note_thread(5 * US);
    fr_layer_stats_note_use(2 * US);
    fr_layer_stats_note_recording(700 * US);
    fr_layer_stats_note(FR_LAYER_FATE_STAGE, 20 * US, 20 * US);
    fr_layer_stats_note_gpu(FR_LAYER_FATE_SLOT, FR_LAYER_MEANS_BLIT, 36 * US);
    fr_layer_stats_say();
    has_line("stats: slot 1, per present 10.0 us mean");
    has_line("stats by the clock: slot 1, per present 14.0 us mean");
    has_line("stats of the queues: other uses 1, per use 2.0 us mean");
    has_line("stats of the thread: 0.9 ms of CPU, and 0.7 ms for recording commands");
    has_line("stats of all that it costs: slot 1, per frame 17.0 us mean");
    has_line("stats of the GPU: slot by vkCmdBlitImage 1, per copy 36.0 us mean");
    assert_null(strstr(said, "costs: stage"));
}

/* What the stats do for themselves is nobody's cost. */
static void test_left_out(void **state)
{
    (void)state;
    const fr_layer_moment begin = fr_layer_moment_now();
    const fr_layer_moment aside = fr_layer_moment_now();
    volatile uint64_t work = 0;
    for (int i = 0; i < 20000000; i++)
        work = work + (uint64_t)i;
    const uint64_t spent_ns = fr_layer_leave_out(aside);
    assert_true(spent_ns > 1000 * US);
    assert_true(fr_layer_moment_since(begin).cpu_ns < spent_ns / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_counts),
        cmocka_unit_test(test_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
