/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "settings.h"

#include <inttypes.h>
#include <stdatomic.h>

enum { BUCKETS = 4096, BUCKET_NS = 250 }; /* up to a millisecond; the last holds the rest */

static const char *const names[FR_LAYER_FATES] = {"passed", "slot", "stage", "dropped"};

static _Atomic uint64_t fates[FR_LAYER_FATES];
static _Atomic uint64_t costs[FR_LAYER_FATES]; /* sums */
static _Atomic uint32_t histogram[FR_LAYER_FATES][BUCKETS];
static _Atomic bool said;

void fr_layer_stats_note(fr_layer_fate fate, uint64_t cost_ns)
{
    const uint64_t bucket = cost_ns / BUCKET_NS;
    atomic_fetch_add_explicit(&fates[fate], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&costs[fate], cost_ns, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram[fate][bucket < BUCKETS ? bucket : BUCKETS - 1], 1,
                              memory_order_relaxed);
}

/* The cost that `percent` of the presents do not exceed, in µs. */
static double percentile(fr_layer_fate fate, uint64_t num, uint32_t percent)
{
    uint64_t seen = 0;
    for (uint32_t i = 0; i < BUCKETS; i++) {
        seen += atomic_load_explicit(&histogram[fate][i], memory_order_relaxed);
        if (seen * 100 >= num * percent)
            return (i + 1) * BUCKET_NS / 1000.0;
    }
    return BUCKETS * BUCKET_NS / 1000.0;
}

void fr_layer_stats_say(void)
{
    if (!fr_layer_settings_get()->stats || atomic_exchange(&said, true))
        return;
    for (int i = 0; i < FR_LAYER_FATES; i++) {
        const uint64_t num = atomic_load_explicit(&fates[i], memory_order_relaxed);
        if (!num) {
            fr_layer_say("stats: %s 0", names[i]);
            continue;
        }
        const double mean = (double)atomic_load_explicit(&costs[i], memory_order_relaxed) / (double)num;
        fr_layer_say("stats: %s %" PRIu64 ", per present %.1f us mean, %.1f us p50, %.1f us p99", names[i],
                     num, mean / 1000, percentile((fr_layer_fate)i, num, 50),
                     percentile((fr_layer_fate)i, num, 99));
    }
}
