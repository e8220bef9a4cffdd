/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "clock.h"
#include "commands.h"
#include "say.h"
#include "stop.h"
#include "units.h"

#include <framering/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define IDLE_POLL_NS (400 * NS_PER_MS)
#define START_WAIT_NS (30 * NS_PER_S)

void bench_worker_args(struct bench_worker_args *out, uint32_t width, uint32_t height, uint32_t rate_mhz)
{
    static char bench[] = "bench", worker[] = "worker";
    if (!files_self(out->self, sizeof out->self))
        out->self[0] = '\0'; /* the start will say that there is no such program */
    snprintf(out->size, sizeof out->size, "%ux%u", width, height);
    snprintf(out->rate, sizeof out->rate, "%u", rate_mhz);
    char *const argv[BENCH_WORKER_ARGS] = {out->self, bench, worker, out->size, out->rate, NULL};
    memcpy(out->argv, argv, sizeof argv);
}

struct session_params bench_session_params(const struct bench_worker_args *worker, uint64_t for_ns)
{
    struct session_params params = {.source_argv = worker->argv, .source_kind = "worker", .any_target = true};
    params.for_ns = for_ns;
    params.recorder.url = "null:";
    params.recorder.fps_mhz = 60000;
    /* Sixteen workers start at once, and a slow machine is measured as well. */
    params.capture.timing.attach_wait_ns = START_WAIT_NS;
    return params;
}

bool bench_session_is_good(const struct session_result *result)
{
    if (result->end == SESSION_STOPPED)
        say(FR_LOG_ERROR, "stopped before the measurement was over");
    return result->began && result->end == SESSION_DONE;
}

static void publish(fr_source *source, uint32_t *number)
{
    fr_slot slot;
    if (fr_source_begin(source, &slot) != FR_OK)
        return;
    memcpy(slot.pixels, number, sizeof *number);
    (*number)++;
    fr_source_publish(source, NULL);
}

int bench_worker(const char *size, const char *rate_mhz)
{
    fr_source *source;
    fr_source_params params = {.name = "bench worker", .log = say_log()};
    uint64_t rate;
    params.log.max_level = FR_LOG_WARNING;
    if (!units_parse_size(size, &params.display.mode.width, &params.display.mode.height) ||
        !units_parse_number(rate_mhz, 0, 100000000, &rate))
        return EXIT_USAGE;
    params.display.mode.refresh_mhz = rate ? (uint32_t)rate : 60000;
    params.display.colour_state = FR_COLOUR_STATE_SDR;
    stop_install();
    if (fr_source_open(&source, &params) < 0)
        return EXIT_FAILED;
    uint64_t interval_ns = rate ? NS_PER_S * 1000 / rate : 0, due_ns = fr_clock_now_ns();
    uint32_t number = 1;
    fr_status status = FR_OK;
    while (!stop_requested() && status >= 0 && status != FR_END) {
        uint64_t now = fr_clock_now_ns();
        uint64_t wait_ns = !interval_ns ? IDLE_POLL_NS : due_ns > now ? due_ns - now : 0;
        status = fr_source_poll(source, wait_ns < IDLE_POLL_NS ? wait_ns : IDLE_POLL_NS);
        bool due = interval_ns && fr_clock_now_ns() >= due_ns;
        if (status == FR_REATTACHED || (status == FR_OK && due))
            publish(source, &number);
        if (due)
            due_ns += interval_ns;
    }
    fr_source_close(&source);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
