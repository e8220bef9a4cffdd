/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_link.h"
#include "clock.h"
#include "histogram.h"
#include "say.h"
#include "sources.h"

#include <stdlib.h>

/* The first pictures of a capture are whole ones in any case: each of its surfaces has to get one. */
enum { ROUNDS = 2, WARM_UP = 6 };
#define LENGTH_NS (8 * NS_PER_S)

/* Conversions of sessions in which the source tells what changed, and of those in which it does not. */
struct typing {
    char path[FILES_PATH_MAX];
    struct histogram converted[2];
    int width, height;
};

/* False: it failed, and that was told. */
static bool take_frames(fr_capture *capture, struct histogram *converted, uint64_t for_ns)
{
    uint64_t until_ns = fr_clock_now_ns() + for_ns;
    unsigned seen = 0;
    fr_status status = FR_OK;
    while (status >= 0 && status != FR_CANCELLED && fr_clock_now_ns() < until_ns) {
        fr_frame frame;
        status = fr_capture_next(capture, &frame);
        if (status == FR_OK && seen++ >= WARM_UP)
            histogram_add(converted, frame.converted_ns - frame.taken_ns);
        fr_frame_release(&frame);
    }
    if (status < 0 || status == FR_CANCELLED)
        say(FR_LOG_ERROR, "%s",
            status < 0 ? fr_status_text(status) : "stopped before the measurement was over");
    return status >= 0 && status != FR_CANCELLED;
}

static bool run(struct typing *typing, bool whole, uint64_t for_ns)
{
    static char no_damage[] = "--no-damage";
    char *const argv[] = {typing->path, whole ? no_damage : NULL, NULL};
    struct bench_link link = {.argv = argv, .host_cpu = -1, .source_cpu = -1};
    fr_capture_params params = {.preferred = {1920, 1080, 60000}};
    bool good = bench_link_open(&link, params) &&
                take_frames(link.capture, &typing->converted[whole], for_ns) && bench_link_is_well(&link);
    if (good) {
        fr_capture_info info;
        fr_capture_get_info(link.capture, &info);
        typing->width = (int)info.display.mode.width;
        typing->height = (int)info.display.mode.height;
    }
    bench_link_close(&link);
    return good;
}

static double at_us(const struct histogram *histogram)
{
    return (double)histogram_at(histogram, 0.5) / (double)NS_PER_US;
}

static json_t *report(const struct typing *typing)
{
    const struct histogram *part = &typing->converted[0], *whole = &typing->converted[1];
    double part_us = histogram_mean(part) / 1e3, whole_us = histogram_mean(whole) / 1e3;
    return json_pack("{s:i, s:i, s:I, s:f, s:f, s:I, s:f, s:f, s:f, s:f}", "width", typing->width, "height",
                     typing->height, "damage_frames", (json_int_t)part->count, "damage_mean_us", part_us,
                     "damage_p50_us", at_us(part), "whole_frames", (json_int_t)whole->count, "whole_mean_us",
                     whole_us, "whole_p50_us", at_us(whole), "cost_pct", 100 * part_us / whole_us,
                     "cost_p50_pct", 100 * at_us(part) / at_us(whole));
}

json_t *bench_typing(const struct bench_options *options)
{
    char kind[] = "x11";
    struct typing *typing = calloc(1, sizeof *typing);
    uint64_t for_ns = options->for_ns ? options->for_ns : LENGTH_NS;
    json_t *object = NULL;
    bool good = typing && sources_find(kind, typing->path, sizeof typing->path);
    if (!typing)
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    /* In turns: what disturbs the machine disturbs both. */
    for (unsigned i = 0; good && i < 2 * ROUNDS; i++)
        good = run(typing, i % 2 == 1, for_ns / (2 * ROUNDS));
    if (good && (!typing->converted[0].count || !typing->converted[1].count))
        say(FR_LOG_ERROR, "nothing changed on the display; let something type there meanwhile");
    else if (good)
        object = report(typing);
    free(typing);
    return object;
}
