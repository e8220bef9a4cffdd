/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "stats.h"

#include "settings.h"

#include <framering/frame.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { BUCKETS = 4096, BUCKET_NS = 250 }; /* up to a millisecond; the last holds the rest */

static const char *const names[FR_LAYER_FATES] = {"passed", "slot", "stage", "dropped"};
static const char *const means_names[FR_LAYER_MEANS] = {"shader", "vkCmdCopyImage", "vkCmdBlitImage",
                                                        "vkCmdCopyImageToBuffer"};

typedef struct series {
    _Atomic uint64_t num, sum;
    _Atomic uint32_t histogram[BUCKETS];
} series;

static series hooks[FR_LAYER_FATES], clocks[FR_LAYER_FATES], frames[FR_LAYER_FATES], uses,
    gpu[FR_LAYER_FATES][FR_LAYER_MEANS];
static _Atomic uint64_t thread_ns, recording_ns;
static _Thread_local fr_layer_moment left_out;
static pthread_once_t calibrated = PTHREAD_ONCE_INIT;
static fr_layer_moment own;
static _Atomic bool said;

/* The frame that lasts until the next present. */
static pthread_mutex_t frame_mutex = PTHREAD_MUTEX_INITIALIZER;
static bool frame_begun;
static fr_layer_fate frame_fate;
static uint64_t frame_ns, beside_ns; /* of its own hook; of all else when it began */

static void note(series *s, uint64_t ns)
{
    const uint64_t bucket = ns / BUCKET_NS;
    atomic_fetch_add_explicit(&s->num, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->sum, ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1], 1,
                              memory_order_relaxed);
}

/* Begins a frame, and ends the one before, which so includes what was done meanwhile. */
static void begin_frame(fr_layer_fate fate, uint64_t cpu_ns)
{
    pthread_mutex_lock(&frame_mutex);
    const uint64_t beside = atomic_load_explicit(&thread_ns, memory_order_relaxed) +
                            atomic_load_explicit(&uses.sum, memory_order_relaxed);
    if (frame_begun)
        note(&frames[frame_fate], frame_ns + beside - beside_ns);
    frame_begun = true;
    frame_fate = fate;
    frame_ns = cpu_ns;
    beside_ns = beside;
    pthread_mutex_unlock(&frame_mutex);
}

fr_layer_moment fr_layer_moment_now(void)
{
    struct timespec used;
    if (!fr_layer_settings_get()->stats || clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used))
        return (fr_layer_moment){0};
    return (fr_layer_moment){
        .cpu_ns = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec - left_out.cpu_ns,
        .clock_ns = fr_clock_now_ns() - left_out.clock_ns,
    };
}

/* What the least of some moments one after the other says: what reading the clocks takes itself. */
static void calibrate(void)
{
    own = (fr_layer_moment){UINT64_MAX, UINT64_MAX};
    for (int i = 0; i < 64; i++) {
        const fr_layer_moment first = fr_layer_moment_now(), second = fr_layer_moment_now();
        const fr_layer_moment took = {second.cpu_ns - first.cpu_ns, second.clock_ns - first.clock_ns};
        own.cpu_ns = took.cpu_ns < own.cpu_ns ? took.cpu_ns : own.cpu_ns;
        own.clock_ns = took.clock_ns < own.clock_ns ? took.clock_ns : own.clock_ns;
    }
}

fr_layer_moment fr_layer_moment_since(fr_layer_moment since)
{
    const fr_layer_moment now = fr_layer_moment_now();
    const uint64_t cpu_ns = now.cpu_ns - since.cpu_ns, clock_ns = now.clock_ns - since.clock_ns;
    pthread_once(&calibrated, calibrate);
    return (fr_layer_moment){cpu_ns > own.cpu_ns ? cpu_ns - own.cpu_ns : 0,
                             clock_ns > own.clock_ns ? clock_ns - own.clock_ns : 0};
}

uint64_t fr_layer_leave_out(fr_layer_moment since)
{
    const fr_layer_moment now = fr_layer_moment_now();
    left_out.cpu_ns += now.cpu_ns - since.cpu_ns;
    left_out.clock_ns += now.clock_ns - since.clock_ns;
    return now.cpu_ns - since.cpu_ns;
}

void fr_layer_stats_note_recording(uint64_t cpu_ns)
{
    atomic_fetch_add_explicit(&recording_ns, cpu_ns, memory_order_relaxed);
}

void fr_layer_stats_note(fr_layer_fate fate, uint64_t cpu_ns, uint64_t clock_ns)
{
    note(&hooks[fate], cpu_ns);
    note(&clocks[fate], clock_ns);
    begin_frame(fate, cpu_ns);
}

void fr_layer_stats_note_use(uint64_t clock_ns)
{
    note(&uses, clock_ns);
}

void fr_layer_stats_note_thread(uint64_t cpu_ns)
{
    atomic_fetch_add_explicit(&thread_ns, cpu_ns, memory_order_relaxed);
}

void fr_layer_stats_note_gpu(fr_layer_fate fate, fr_layer_means means, uint64_t gpu_ns)
{
    if (gpu_ns)
        note(&gpu[fate][means], gpu_ns);
}

/* The time that `percent` of them do not exceed, in µs. */
static double percentile(const series *s, uint64_t num, uint32_t percent)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        seen += atomic_load_explicit(&s->histogram[i], memory_order_relaxed);
        if (seen * 100 >= num * percent)
            return (i + 1) * BUCKET_NS / 1000.0;
    }
    return BUCKETS * BUCKET_NS / 1000.0;
}

static void say(const char *what, const char *name, const char *each, const series *s)
{
    const uint64_t num = atomic_load_explicit(&s->num, memory_order_relaxed);
    if (!num) {
        fr_layer_say("%s: %s 0", what, name);
        return;
    }
    const double mean = (double)atomic_load_explicit(&s->sum, memory_order_relaxed) / (double)num;
    fr_layer_say("%s: %s %" PRIu64 ", per %s %.1f us mean, %.1f us p50, %.1f us p99", what, name, num, each,
                 mean / 1000, percentile(s, num, 50), percentile(s, num, 99));
}

static bool is_empty(const series *s)
{
    return !atomic_load_explicit(&s->num, memory_order_relaxed);
}

static void say_gpu(void)
{
    char name[64];
    for (int i = 0; i < FR_LAYER_FATES; i++)
        for (int k = 0; k < FR_LAYER_MEANS; k++) {
            snprintf(name, sizeof(name), "%s by %s", names[i], means_names[k]);
            if (!is_empty(&gpu[i][k]))
                say("stats of the GPU", name, "copy", &gpu[i][k]);
        }
}

void fr_layer_stats_say(void)
{
    if (!fr_layer_settings_get()->stats || atomic_exchange(&said, true))
        return;
    for (int i = 0; i < FR_LAYER_FATES; i++)
        say("stats", names[i], "present", &hooks[i]);
    for (int i = 0; i < FR_LAYER_FATES; i++)
        if (!is_empty(&clocks[i]))
            say("stats by the clock", names[i], "present", &clocks[i]);
    say("stats of the queues", "other uses", "use", &uses);
    fr_layer_say("stats of the thread: %.1f ms of CPU, and %.1f ms for recording commands",
                 (double)atomic_load_explicit(&thread_ns, memory_order_relaxed) / 1000000,
                 (double)atomic_load_explicit(&recording_ns, memory_order_relaxed) / 1000000);
    for (int i = 0; i < FR_LAYER_FATES; i++)
        if (!is_empty(&frames[i]))
            say("stats of all that it costs", names[i], "frame", &frames[i]);
    say_gpu();
}
