/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_beat.h"
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

struct worker {
    fr_source *source;
    uint32_t number;
    unsigned turn;        /* of bench_beat.h; NO_TURN: an even rate */
    uint64_t interval_ns; /* 0 = an idle display */
    uint64_t due_ns;
};

enum { NO_TURN = BEAT_TURNS };

const char *const bench_turn_names[] = {"sleep", "look", "spin"};

void bench_worker_args(struct bench_worker_args *out, uint32_t width, uint32_t height, const char *rate)
{
    static char bench[] = "bench", worker[] = "worker";
    if (!files_self(out->self, sizeof out->self))
        out->self[0] = '\0'; /* the start will say that there is no such program */
    snprintf(out->size, sizeof out->size, "%ux%u", width, height);
    snprintf(out->rate, sizeof out->rate, "%s", rate);
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

static void publish(struct worker *w)
{
    fr_slot slot;
    if (fr_source_begin(w->source, &slot) != FR_OK)
        return;
    memcpy(slot.pixels, &w->number, sizeof w->number);
    w->number++;
    /* Frames that measure the hand-off leave the host little to convert, so that it is back in time. */
    static const fr_rect stamp = {0, 0, 1, 1};
    const fr_publish_info info = {.damage = w->turn != NO_TURN ? &stamp : NULL, .num_damage = 1};
    fr_source_publish(w->source, &info);
}

/* How long there is nothing to do. Frames of a turn that is missed are not made up for. */
static uint64_t wait_ns(struct worker *w, uint64_t now_ns)
{
    if (w->due_ns <= now_ns && w->interval_ns && w->turn == NO_TURN)
        return 0;
    if (w->turn != NO_TURN && (beat_turn(now_ns) != w->turn || now_ns >= beat_end_ns(now_ns)))
        w->due_ns = beat_next_ns(w->turn, now_ns);
    uint64_t wait = !w->interval_ns ? IDLE_POLL_NS : w->due_ns > now_ns ? w->due_ns - now_ns : 0;
    return wait < IDLE_POLL_NS ? wait : IDLE_POLL_NS;
}

static fr_status step(struct worker *w)
{
    uint64_t wait = wait_ns(w, fr_clock_now_ns());
    /* Who publishes as often as a host that spins is awake all the time. */
    if (w->turn == BEAT_SPIN && wait < 2 * BEAT_SPIN_EVERY_NS) {
        while (fr_clock_now_ns() < w->due_ns)
            ;
        wait = 0;
    }
    fr_status status = fr_source_poll(w->source, wait);
    bool due = w->interval_ns && fr_clock_now_ns() >= w->due_ns;
    if (status == FR_REATTACHED || (status == FR_OK && due))
        publish(w);
    if (due)
        w->due_ns += w->interval_ns;
    return status;
}

static bool set_rate(struct worker *w, const char *rate, uint32_t *refresh_mhz)
{
    uint64_t mhz = 60000;
    w->turn = NO_TURN;
    w->due_ns = fr_clock_now_ns();
    for (unsigned turn = 0; turn < BEAT_BARE; turn++)
        if (strcmp(rate, bench_turn_names[turn]) == 0)
            w->turn = turn;
    if (w->turn != NO_TURN) {
        w->interval_ns = w->turn == BEAT_SPIN ? BEAT_SPIN_EVERY_NS : BEAT_EVERY_NS;
        w->due_ns = beat_next_ns(w->turn, w->due_ns);
    } else if (!units_parse_number(rate, 0, 100000000, &mhz)) {
        return false;
    } else {
        w->interval_ns = mhz ? NS_PER_S * 1000 / mhz : 0;
    }
    *refresh_mhz = mhz ? (uint32_t)mhz : 60000;
    return true;
}

int bench_worker(const char *size, const char *rate)
{
    struct worker w = {.number = 1};
    fr_source_params params = {.name = "bench worker", .log = say_log()};
    params.log.max_level = FR_LOG_WARNING;
    if (!units_parse_size(size, &params.display.mode.width, &params.display.mode.height) ||
        !set_rate(&w, rate, &params.display.mode.refresh_mhz))
        return EXIT_USAGE;
    params.display.colour_state = FR_COLOUR_STATE_SDR;
    stop_install();
    if (fr_source_open(&w.source, &params) < 0)
        return EXIT_FAILED;
    fr_status status = FR_OK;
    while (!stop_requested() && status >= 0 && status != FR_END)
        status = step(&w);
    fr_source_close(&w.source);
    return status < 0 ? EXIT_FAILED : EXIT_DONE;
}
