/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_link.h"
#include "clock.h"
#include "histogram.h"
#include "say.h"
#include "stop.h"
#include "summary.h"
#include "thread.h"
#include "usage.h"

#include <stdlib.h>

#define LENGTH_NS (4 * NS_PER_S)
#define WARM_UP_NS (300 * NS_PER_MS)
#define LOOK_NS (100 * NS_PER_MS)
#define REPEAT_NS (NS_PER_S / 60)

struct fleet;

/* One target: a thread that takes its frames and gives them back. */
struct ship {
    struct fleet *fleet;
    struct thread thread;
    struct bench_link link;
    fr_capture_info before, after;
    struct histogram latency;
    fr_status status;
};

enum phase { PHASE_WARM_UP = 0, PHASE_MEASURE, PHASE_END };

struct fleet {
    struct lock lock;
    enum phase phase;
    uint32_t width, height;
    unsigned count;
    struct ship *ships;
    struct process_usage before, after;
    uint64_t duration_ns, rss_bytes;
};

static enum phase phase_of(struct fleet *fleet)
{
    lock_take(&fleet->lock);
    enum phase phase = fleet->phase;
    lock_give(&fleet->lock);
    return phase;
}

static void set_phase(struct fleet *fleet, enum phase phase)
{
    lock_take(&fleet->lock);
    fleet->phase = phase;
    lock_give(&fleet->lock);
}

static void sail(void *user)
{
    struct ship *ship = user;
    enum phase before = PHASE_WARM_UP, phase;
    while ((phase = phase_of(ship->fleet)) != PHASE_END && ship->status >= 0) {
        if (phase != before)
            fr_capture_get_info(ship->link.capture, &ship->before);
        before = phase;
        fr_frame frame;
        ship->status = fr_capture_next(ship->link.capture, &frame);
        if (ship->status == FR_OK && phase == PHASE_MEASURE)
            histogram_add(&ship->latency, frame.taken_ns - frame.published_ns);
        fr_frame_release(&frame);
    }
    fr_capture_get_info(ship->link.capture, &ship->after);
}

static bool look_after(struct fleet *fleet, uint64_t for_ns)
{
    uint64_t until_ns = fr_clock_now_ns() + for_ns, now_ns;
    while ((now_ns = fr_clock_now_ns()) < until_ns) {
        if (stop_requested()) {
            say(FR_LOG_ERROR, "stopped before the measurement was over");
            return false;
        }
        clock_sleep_ns(until_ns - now_ns < LOOK_NS ? until_ns - now_ns : LOOK_NS);
    }
    for (unsigned i = 0; i < fleet->count; i++)
        if (!bench_link_is_well(&fleet->ships[i].link))
            return false;
    return true;
}

static bool run(struct fleet *fleet, uint64_t for_ns)
{
    unsigned started = 0;
    set_phase(fleet, PHASE_WARM_UP);
    while (started < fleet->count &&
           thread_start(&fleet->ships[started].thread, sail, &fleet->ships[started]))
        started++;
    if (started < fleet->count)
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    bool good = started == fleet->count && look_after(fleet, WARM_UP_NS);
    set_phase(fleet, PHASE_MEASURE);
    process_usage_self(&fleet->before);
    uint64_t begin_ns = fr_clock_now_ns();
    good = good && look_after(fleet, for_ns);
    process_usage_self(&fleet->after);
    fleet->duration_ns = fr_clock_now_ns() - begin_ns;
    fleet->rss_bytes = process_rss_bytes();
    set_phase(fleet, PHASE_END);
    for (unsigned i = 0; i < started; i++) {
        thread_join(&fleet->ships[i].thread);
        if (fleet->ships[i].status < 0 && good) {
            say(FR_LOG_ERROR, "%s", fr_status_text(fleet->ships[i].status));
            good = false;
        }
    }
    return good;
}

static json_t *sum_up(const struct fleet *fleet, bool busy)
{
    uint64_t fresh = 0, repeats = 0, dropped = 0;
    struct histogram *all = calloc(1, sizeof *all);
    double seconds = (double)fleet->duration_ns / 1e9;
    for (unsigned i = 0; all && i < fleet->count; i++) {
        const struct ship *ship = &fleet->ships[i];
        fresh += ship->after.fresh - ship->before.fresh;
        repeats += ship->after.repeats - ship->before.repeats;
        dropped += ship->after.dropped - ship->before.dropped;
        histogram_merge(all, &ship->latency);
    }
    json_t *row = json_pack(
        "{s:i, s:b, s:f, s:f, s:f, s:f, s:f, s:I}", "targets", (int)fleet->count, "busy", (int)busy,
        "cpu_pct", (double)(fleet->after.cpu_ns - fleet->before.cpu_ns) / (seconds * 1e7), "rss_mib",
        (double)fleet->rss_bytes / 1048576.0, "wakeups_per_s",
        (double)(fleet->after.context_switches - fleet->before.context_switches) / seconds, "fresh_per_s",
        (double)fresh / seconds, "repeats_per_s", (double)repeats / seconds, "dropped", (json_int_t)dropped);
    if (busy && all)
        json_object_set_new(row, "publish_to_take_us", summary_percentiles(all));
    free(all);
    return row;
}

/* What so many threads cost that only wake up as often: the floor of idle targets. */
struct bare {
    struct lock lock;
    bool over;
};

static void only_wake(void *user)
{
    struct bare *bare = user;
    bool over = false;
    while (!over) {
        clock_sleep_ns(REPEAT_NS);
        lock_take(&bare->lock);
        over = bare->over;
        lock_give(&bare->lock);
    }
}

static double measure_bare(unsigned count, uint64_t for_ns)
{
    struct bare bare = {.lock = LOCK_READY};
    struct thread threads[BENCH_TARGETS_MAX];
    struct process_usage before, after;
    unsigned started = 0;
    for (; started < count && thread_start(&threads[started], only_wake, &bare); started++)
        clock_sleep_ns(REPEAT_NS /
                       count); /* spread, as sources that have nothing to do with each other are */
    process_usage_self(&before);
    uint64_t begin_ns = fr_clock_now_ns();
    clock_sleep_ns(for_ns);
    process_usage_self(&after);
    uint64_t took_ns = fr_clock_now_ns() - begin_ns;
    lock_take(&bare.lock);
    bare.over = true;
    lock_give(&bare.lock);
    for (unsigned i = 0; i < started; i++)
        thread_join(&threads[i]);
    return 100.0 * (double)(after.cpu_ns - before.cpu_ns) / (double)took_ns;
}

static bool open_ships(struct fleet *fleet, bool busy)
{
    bool good = true;
    for (unsigned i = 0; good && i < fleet->count; i++) {
        struct ship *ship = &fleet->ships[i];
        fr_capture_params params = {.target_id = i,
                                    .preferred = {fleet->width, fleet->height, 60000},
                                    .timing.event_slice_ns = REPEAT_NS};
        ship->fleet = fleet;
        ship->link.host_cpu = ship->link.source_cpu = -1;
        bench_worker_args(&ship->link.worker, fleet->width, fleet->height, busy ? "60000" : "0");
        good = bench_link_open(&ship->link, params);
    }
    return good;
}

static json_t *measure(unsigned count, bool busy, const struct bench_options *options)
{
    struct fleet fleet = {.count = count, .width = 1280, .height = 720, .lock = LOCK_READY};
    if (options->width) {
        fleet.width = options->width;
        fleet.height = options->height;
    }
    fleet.ships = calloc(count, sizeof *fleet.ships);
    if (!fleet.ships) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        return NULL;
    }
    uint64_t for_ns = options->for_ns ? options->for_ns : LENGTH_NS;
    bool good = open_ships(&fleet, busy) && run(&fleet, for_ns);
    json_t *row = good ? sum_up(&fleet, busy) : NULL;
    for (unsigned i = 0; i < count; i++)
        bench_link_close(&fleet.ships[i].link);
    free(fleet.ships);
    if (row && !busy)
        json_object_set_new(row, "bare_cpu_pct", json_real(measure_bare(count, for_ns / 2)));
    return row;
}

json_t *bench_scale(const struct bench_options *options)
{
    unsigned most = options->targets ? options->targets : BENCH_TARGETS_MAX;
    json_t *list = json_array();
    for (unsigned count = 1; count <= most; count *= 4) {
        for (int busy = 0; busy < 2; busy++) {
            json_t *row = measure(count, busy != 0, options);
            if (!row) {
                json_decref(list);
                return NULL;
            }
            json_array_append_new(list, row);
        }
    }
    return list;
}
