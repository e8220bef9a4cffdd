/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A host without an encoder: takes the frames of a target for some seconds and reads their stamps.
 *   reader TARGET SECONDS [cpu|vulkan] [DEVICE] [read|unread] [FPS]
 * Prints one line. Exit code 1: a frame was torn, unreadable, or older than the one before. "unread": only
 * counts, so that the GPU's pictures need not be brought into memory. FPS: takes no more than so many in a
 * second.
 */
#define _POSIX_C_SOURCE 200809L
#include "common/stamp.h"

#include <framering/capture.h>
#include <framering/vulkan.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DELAYS_MAX = 100000 };

static struct {
    uint32_t fresh, torn, unreadable, older, last;
    uint64_t delay_ns[DELAYS_MAX]; /* present to converted */
} seen;

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "reader: %s\n", text);
}

static void read_stamp(const fr_frame *frame)
{
    const bool deep = frame->format == FR_FORMAT_P010;
    const fr_luma luma = {
        .data = frame->plane[0],
        .pitch_bytes = (ptrdiff_t)frame->pitch_bytes[0],
        .width = frame->width,
        .height = frame->height,
        .step_bytes = deep ? 2 : 1,
        .sample_bytes = deep ? 2 : 1,
        .shift = deep ? 6 : 0,
        .max = deep ? 1023 : 255,
    };
    const fr_stamp_reading reading = fr_stamp_read(&luma);
    seen.torn += reading.torn;
    seen.unreadable += reading.readable < reading.copies;
    seen.older += reading.stamp.sequence <= seen.last;
    seen.last = reading.stamp.sequence;
}

static void look(fr_frame *frame, bool unread)
{
    if (seen.fresh < DELAYS_MAX)
        seen.delay_ns[seen.fresh] = frame->converted_ns - frame->present_ns;
    seen.fresh++;
    if (!unread && fr_frame_map(frame) == FR_OK)
        read_stamp(frame);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double delay_us(uint32_t percent)
{
    const uint32_t num = seen.fresh < DELAYS_MAX ? seen.fresh : DELAYS_MAX;
    qsort(seen.delay_ns, num, sizeof(seen.delay_ns[0]), compare);
    return num ? (double)seen.delay_ns[(uint64_t)(num - 1) * percent / 100] / 1000 : 0;
}

/* Nothing is taken before then. */
static void sleep_until(uint64_t due_ns)
{
    const struct timespec due = {(time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000)};
    if (due_ns)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    const fr_vulkan_host_params vulkan = {.device = argc > 4 && *argv[4] ? argv[4] : NULL};
    fr_capture_params params = {
        .target_id = (uint32_t)atoi(argv[1]),
        .backend = argc > 3 && !strcmp(argv[3], "vulkan") ? FR_BACKEND_VULKAN : FR_BACKEND_CPU,
        .vulkan = &vulkan,
        .log = {.write = write_log},
    };
    const bool unread = argc > 5 && !strcmp(argv[5], "unread");
    const uint32_t fps = argc > 6 ? (uint32_t)atoi(argv[6]) : 0;
    params.timing.attach_wait_ns = 20 * UINT64_C(1000000000);
    fr_capture *capture = NULL;
    fr_capture_info info = {0};
    fr_status status = fr_capture_open(&capture, &params, NULL);
    const uint64_t end_ns = fr_clock_now_ns() + (uint64_t)atoi(argv[2]) * UINT64_C(1000000000);
    while (status >= 0 && fr_clock_now_ns() < end_ns) {
        fr_frame frame;
        status = fr_capture_next(capture, &frame);
        if (status != FR_OK && status != FR_REPEAT)
            continue;
        if (status == FR_OK)
            look(&frame, unread);
        fr_frame_release(&frame);
        sleep_until(fps && status == FR_OK ? fr_clock_now_ns() + 1000000000 / fps : 0);
    }
    if (capture)
        fr_capture_get_info(capture, &info);
    fr_capture_close(&capture);
    printf("fresh %" PRIu32 ", torn %" PRIu32 ", unreadable %" PRIu32 ", older %" PRIu32 ", last %" PRIu32
           "; present to converted p50 %.0f us, p99 %.0f us; backend %s\n",
           seen.fresh, seen.torn, seen.unreadable, seen.older, seen.last, delay_us(50), delay_us(99),
           info.backend ? info.backend : "none");
    return status < 0 || seen.torn || seen.unreadable || seen.older;
}
