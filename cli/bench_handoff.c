/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_beat.h"
#include "bench_floor.h"
#include "bench_link.h"
#include "histogram.h"
#include "machine.h"
#include "say.h"
#include "stop.h"

#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 5 /* of each turn */, ENOUGH = 30, LINKS = BEAT_BARE };
#define LENGTH_NS (6 * NS_PER_S)
/* How long a machine that is busy with other things may take on top, to get enough of each. */
#define PATIENCE_NS (40 * NS_PER_S)
/* Longer than from one frame to the next, so that a host that spins never sleeps in its turn. */
#define SPIN_NS (20 * BEAT_SPIN_EVERY_NS)
/* Of a host that looks when a frame is due. */
#define LOOK_NS (200 * NS_PER_US)
/* So short that a turn ends soon after it is over. */
#define SLICE_NS (4 * NS_PER_MS)

struct floor_times {
    struct bench_floor *floor;
    struct histogram both, there;
};

/* Of one turn. */
struct link_times {
    struct histogram latency;
    uint64_t cpu_ns, length_ns;
};

struct handoff {
    int host_cpu, source_cpu;
    struct bench_link links[LINKS]; /* BEAT_SLEEP, BEAT_LOOK, BEAT_SPIN */
    struct link_times times[LINKS];
    struct floor_times floors[BENCH_FLOORS_MAX];
};

static unsigned count_floors(void)
{
    unsigned count = 0;
    while (count < BENCH_FLOORS_MAX && bench_floor_names[count])
        count++;
    return count;
}

static bool open_floors(struct handoff *h)
{
    for (unsigned i = 0; i < count_floors(); i++)
        if (!bench_floor_open(&h->floors[i].floor, bench_floor_names[i], h->host_cpu, h->source_cpu))
            return false;
    return true;
}

static bool open_link(struct handoff *h, unsigned turn, uint32_t width, uint32_t height)
{
    struct bench_link *link = &h->links[turn];
    fr_capture_params params = {.preferred = {width, height, 60000}, .timing.event_slice_ns = SLICE_NS};
    if (turn != BEAT_SLEEP)
        params.spin_ns = turn == BEAT_SPIN ? SPIN_NS : LOOK_NS;
    link->host_cpu = h->host_cpu;
    link->source_cpu = h->source_cpu;
    bench_worker_args(&link->worker, width, height, bench_turn_names[turn]);
    return bench_link_open(link, params);
}

/* Takes what comes in one turn. False: the capture failed. */
static bool take_frames(struct handoff *h, unsigned turn, uint64_t begin_ns, uint64_t end_ns)
{
    struct link_times *times = &h->times[turn];
    unsigned seen = 0;
    uint64_t start_ns = 0, cpu_ns = 0;
    while (fr_clock_now_ns() < end_ns && !stop_requested()) {
        fr_frame frame;
        fr_status status = fr_capture_next(h->links[turn].capture, &frame);
        if (status < 0) {
            say(FR_LOG_ERROR, "%s", fr_status_text(status));
            return false;
        }
        bool counts = status == FR_OK && frame.published_ns >= begin_ns && frame.published_ns < end_ns;
        if (counts && ++seen > WARM_UP)
            histogram_add(&times->latency, frame.taken_ns - frame.published_ns);
        if (counts && seen == WARM_UP) {
            start_ns = fr_clock_now_ns();
            cpu_ns = clock_thread_cpu_ns();
        }
        fr_frame_release(&frame);
    }
    if (start_ns) {
        times->cpu_ns += clock_thread_cpu_ns() - cpu_ns;
        times->length_ns += fr_clock_now_ns() - start_ns;
    }
    return true;
}

/* As far apart as the frames that a sleeping host gets. */
static bool take_trips(struct floor_times *times, uint64_t begin_ns, uint64_t end_ns)
{
    uint64_t both_ns, there_ns, due_ns = begin_ns;
    for (unsigned i = 0; due_ns < end_ns && !stop_requested(); i++, due_ns += BEAT_EVERY_NS) {
        uint64_t now_ns = fr_clock_now_ns();
        if (due_ns > now_ns)
            clock_sleep_ns(due_ns - now_ns);
        if (!bench_floor_trip(times->floor, &both_ns, &there_ns))
            return false;
        if (i < WARM_UP)
            continue;
        histogram_add(&times->both, both_ns);
        histogram_add(&times->there, there_ns);
    }
    return true;
}

static bool run_turn(struct handoff *h, uint64_t now_ns)
{
    unsigned turn = beat_turn(now_ns);
    uint64_t begin_ns = beat_begin_ns(now_ns), end_ns = beat_end_ns(now_ns);
    bool good = true;
    /* Who comes late, because others run here, begins late. */
    begin_ns = now_ns > begin_ns ? now_ns : begin_ns;
    if (turn < BEAT_BARE)
        good = take_frames(h, turn, begin_ns, end_ns);
    else if (turn < BEAT_BARE + count_floors())
        good = take_trips(&h->floors[turn - BEAT_BARE], begin_ns, end_ns);
    for (unsigned i = 0; good && i < LINKS; i++)
        good = bench_link_is_well(&h->links[i]);
    now_ns = fr_clock_now_ns();
    uint64_t next_ns = end_ns + BEAT_PAUSE_NS;
    if (next_ns > now_ns)
        clock_sleep_ns(next_ns - now_ns);
    return good;
}

static bool has_enough(const struct handoff *h)
{
    bool enough = true;
    for (unsigned i = 0; i < LINKS; i++)
        enough = enough && h->times[i].latency.count >= ENOUGH;
    for (unsigned i = 0; i < count_floors(); i++)
        enough = enough && h->floors[i].both.count >= ENOUGH;
    return enough;
}

static bool run_turns(struct handoff *h, uint64_t for_ns)
{
    uint64_t until_ns = fr_clock_now_ns() + for_ns, now_ns;
    while ((now_ns = fr_clock_now_ns()) < until_ns + PATIENCE_NS) {
        if (now_ns >= until_ns && has_enough(h))
            return true;
        if (!run_turn(h, now_ns))
            return false;
        if (stop_requested()) {
            say(FR_LOG_ERROR, "stopped before the measurement was over");
            return false;
        }
    }
    say(FR_LOG_ERROR, "the machine is too busy with other things: hardly a frame came in time");
    return false;
}

static double at_us(const struct histogram *histogram, double fraction)
{
    return (double)histogram_at(histogram, fraction) / (double)NS_PER_US;
}

static json_t *describe(const struct link_times *times)
{
    const struct histogram *latency = &times->latency;
    double cpu = times->length_ns ? 100.0 * (double)times->cpu_ns / (double)times->length_ns : 0;
    return json_pack("{s:f, s:f, s:I, s:f}", "p50_us", at_us(latency, 0.5), "p99_us", at_us(latency, 0.99),
                     "frames", (json_int_t)latency->count, "cpu_pct", cpu);
}

static json_t *describe_look(struct handoff *h)
{
    json_t *look = describe(&h->times[BEAT_LOOK]);
    fr_capture_info info;
    fr_capture_get_info(h->links[BEAT_LOOK].capture, &info);
    json_object_set_new(look, "spin_us", json_integer(LOOK_NS / NS_PER_US));
    json_object_set_new(look, "looked_pct",
                        json_real(info.fresh ? 100.0 * (double)info.looked / (double)info.fresh : 0));
    return look;
}

static void add_floors(json_t *sleep, const struct handoff *h)
{
    char key[48];
    for (unsigned i = 0; i < count_floors(); i++) {
        const struct floor_times *times = &h->floors[i];
        double half = at_us(&times->both, 0.5) / 2;
        snprintf(key, sizeof key, "%s_rtt_p50_us", bench_floor_names[i]);
        json_object_set_new(sleep, key, json_real(2 * half));
        snprintf(key, sizeof key, "%s_rtt_p99_us", bench_floor_names[i]);
        json_object_set_new(sleep, key, json_real(at_us(&times->both, 0.99)));
        if (times->there.max > 0) {
            snprintf(key, sizeof key, "%s_one_way_p50_us", bench_floor_names[i]);
            json_object_set_new(sleep, key, json_real(at_us(&times->there, 0.5)));
        }
        if (i == 0 && half > 0)
            json_object_set_new(sleep, "ratio", json_real(at_us(&h->times[BEAT_SLEEP].latency, 0.5) / half));
    }
}

static json_t *measure(struct handoff *h, uint32_t width, uint32_t height, uint64_t for_ns)
{
    int cpus[MACHINE_CPUS_MAX];
    unsigned num_cpus = machine_cpus(cpus, MACHINE_CPUS_MAX);
    h->host_cpu = num_cpus > 1 ? cpus[0] : -1;
    h->source_cpu = num_cpus > 1 ? cpus[1] : -1;
    machine_pin(h->host_cpu);
    bool good = open_floors(h);
    for (unsigned i = 0; i < LINKS; i++)
        good = good && open_link(h, i, width, height);
    if (!good || !run_turns(h, for_ns))
        return NULL;
    json_t *sleep = describe(&h->times[BEAT_SLEEP]);
    add_floors(sleep, h);
    return json_pack("{s:i, s:i, s:b, s:o, s:o, s:o}", "width", (int)width, "height", (int)height, "pinned",
                     (int)(h->host_cpu >= 0), "sleep", sleep, "look", describe_look(h), "spin",
                     describe(&h->times[BEAT_SPIN]));
}

json_t *bench_handoff(const struct bench_options *options)
{
    struct handoff *h = calloc(1, sizeof *h);
    if (!h) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        return NULL;
    }
    json_t *object =
        measure(h, options->width ? options->width : 1920, options->width ? options->height : 1080,
                options->for_ns ? options->for_ns : LENGTH_NS);
    for (unsigned i = 0; i < LINKS; i++)
        bench_link_close(&h->links[i]);
    for (unsigned i = 0; i < BENCH_FLOORS_MAX; i++)
        bench_floor_close(&h->floors[i].floor);
    machine_pin(-1);
    free(h);
    return object;
}
