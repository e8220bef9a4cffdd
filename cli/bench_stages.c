/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_stages.h"

#include "bench_floor.h"
#include "bench_link.h"
#include "clock.h"
#include "histogram.h"
#include "machine.h"
#include "say.h"
#include "stop.h"

#include <framering/encode.h>

#include <stdlib.h>

enum { TRIPS = 100, FRAMES = 8, ROUNDS = 8, SURFACES = 16 };
/* As frames come: so both sides sleep as deeply as in a session. */
#define TRIP_EVERY_NS (4 * NS_PER_MS)

static double median_us(const struct histogram *histogram)
{
    return (double)histogram_at(histogram, 0.5) / (double)NS_PER_US;
}

bool bench_stages_wake(struct bench_stages *out)
{
    struct histogram *times = calloc(1, sizeof *times);
    struct bench_floor *floor = NULL;
    int cpus[MACHINE_CPUS_MAX];
    unsigned num_cpus = machine_cpus(cpus, MACHINE_CPUS_MAX);
    int own = num_cpus > 1 ? cpus[0] : -1, peer = num_cpus > 1 ? cpus[1] : -1;
    machine_pin(own);
    bool good = times && bench_floor_open(&floor, bench_floor_names[0], own, peer);
    for (unsigned i = 0; good && i < TRIPS; i++) {
        uint64_t both_ns, there_ns;
        clock_sleep_ns(TRIP_EVERY_NS);
        good = bench_floor_trip(floor, &both_ns, &there_ns);
        if (good && i > 0)
            histogram_add(times, both_ns / 2);
    }
    bench_floor_close(&floor);
    machine_pin(-1);
    if (good)
        out->wake_us = median_us(times);
    free(times);
    return good;
}

/* Some fresh frames of the source, which outlive their capture. */
static bool take_frames(char *const *argv, const fr_capture_info *info, fr_frame *frames, unsigned *taken)
{
    struct bench_link link = {.argv = argv, .host_cpu = -1, .source_cpu = -1};
    fr_capture_params params = {
        .preferred = info->display.mode, .out_surfaces = SURFACES, .depth = FRAMES + 1};
    bool good = bench_link_open(&link, params);
    while (good && *taken < FRAMES && !stop_requested()) {
        fr_status status = fr_capture_next(link.capture, &frames[*taken]);
        if (status == FR_OK)
            (*taken)++;
        else
            fr_frame_release(&frames[*taken]);
        good = status >= 0 && bench_link_is_well(&link);
    }
    bench_link_close(&link);
    return good && *taken == FRAMES;
}

static bool encode(const char *url, const fr_frame *frames, unsigned count, struct histogram *times)
{
    fr_recorder *recorder;
    fr_recorder_params params = {.url = url, .fps_mhz = 60000, .log = say_log()};
    fr_status status = fr_recorder_open(&recorder, &params);
    for (unsigned i = 0; status >= 0 && i < ROUNDS * count && !stop_requested(); i++) {
        fr_frame frame = frames[i % count];
        uint64_t begin_ns = fr_clock_now_ns();
        frame.discontinuity = false;
        frame.present_ns = begin_ns;
        status = fr_recorder_put(recorder, &frame);
        if (i >= count) /* the first open the encoder */
            histogram_add(times, fr_clock_now_ns() - begin_ns);
    }
    fr_status closed = fr_recorder_close(&recorder);
    return status >= 0 && closed >= 0 && !stop_requested();
}

static bool encode_stage(struct bench_stages *out, char *const *argv, const fr_capture_info *info,
                         const char *url)
{
    struct histogram *times = calloc(1, sizeof *times);
    fr_frame frames[FRAMES] = {{0}};
    unsigned taken = 0, errors_before = say_errors();
    bool good = times && take_frames(argv, info, frames, &taken) && encode(url, frames, taken, times);
    for (unsigned i = 0; i < taken; i++)
        fr_frame_release(&frames[i]);
    if (good)
        out->encode_us = median_us(times);
    else if (say_errors() == errors_before)
        say(FR_LOG_ERROR, "encoding alone cannot be measured");
    free(times);
    return good;
}

bool bench_stages_rest(struct bench_stages *out, char *const *argv, const fr_capture_info *info,
                       const char *url)
{
    const fr_convert_params params = {
        .from = info->ring_format,
        .to = info->out_format,
        .width = info->display.mode.width,
        .height = info->display.mode.height,
    };
    double ms;
    if (!bench_convert_alone(&params, &ms) || !encode_stage(out, argv, info, url))
        return false;
    out->convert_us = ms * 1e3;
    return true;
}
