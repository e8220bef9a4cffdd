/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "settings.h"

#include <inttypes.h>
#include <stdatomic.h>

enum { BUCKETS = 4096, BUCKET_NS = 250 }; /* up to a millisecond; the last holds the rest */

static const char *const names[FR_LAYER_FATES] = {"passed", "slot", "stage", "dropped"};

typedef struct series {
    _Atomic uint64_t num, sum;
    _Atomic uint32_t histogram[BUCKETS];
} series;

static series cpu[FR_LAYER_FATES], gpu[FR_LAYER_FATES];
static _Atomic bool said;

static void note(series *s, uint64_t ns)
{
    const uint64_t bucket = ns / BUCKET_NS;
    atomic_fetch_add_explicit(&s->num, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->sum, ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&s->histogram[bucket < BUCKETS ? bucket : BUCKETS - 1], 1,
                              memory_order_relaxed);
}

void fr_layer_stats_note(fr_layer_fate fate, uint64_t cost_ns)
{
    note(&cpu[fate], cost_ns);
}

void fr_layer_stats_note_gpu(fr_layer_fate fate, uint64_t gpu_ns)
{
    if (gpu_ns)
        note(&gpu[fate], gpu_ns);
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

void fr_layer_stats_say(void)
{
    if (!fr_layer_settings_get()->stats || atomic_exchange(&said, true))
        return;
    for (int i = 0; i < FR_LAYER_FATES; i++)
        say("stats", names[i], "present", &cpu[i]);
    for (int i = 0; i < FR_LAYER_FATES; i++)
        if (atomic_load_explicit(&gpu[i].num, memory_order_relaxed))
            say("stats of the GPU", names[i], "copy", &gpu[i]);
}
