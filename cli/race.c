/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "race.h"

#include "clock.h"
#include "machine.h"
#include "stop.h"

#include <stdlib.h>

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static bool is_due(const struct racer *racer, uint64_t budget_ns)
{
    if (racer->runs >= RACE_RUNS_MAX || (racer->runs > 0 && racer->spent_ns > 3 * budget_ns))
        return false;
    return racer->runs < RACE_RUNS_MIN || racer->spent_ns < budget_ns;
}

static void shuffle(size_t *order, size_t count, uint32_t *state)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = next_random(state) % i, kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void run_one(struct racer *racer)
{
    uint64_t begin = racer->threads ? fr_clock_now_ns() : machine_ran_ns();
    racer->call(racer->user);
    uint64_t took = (racer->threads ? fr_clock_now_ns() : machine_ran_ns()) - begin;
    racer->times_ns[racer->runs++] = took;
    racer->spent_ns += took;
}

void race(struct racer *const *racers, size_t count, uint64_t budget_ns)
{
    size_t order[RACE_RACERS_MAX];
    uint32_t state = 2463534242u;
    bool any = true;
    for (size_t i = 0; i < count && i < RACE_RACERS_MAX; i++) {
        order[i] = i;
        racers[i]->runs = 0;
        racers[i]->spent_ns = 0;
        racers[i]->call(racers[i]->user);
    }
    while (any && !stop_requested()) {
        any = false;
        shuffle(order, count, &state);
        for (size_t i = 0; i < count; i++) {
            if (!is_due(racers[order[i]], budget_ns))
                continue;
            any = true;
            run_one(racers[order[i]]);
        }
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double race_median_ms(struct racer *racer)
{
    if (racer->runs == 0)
        return 0;
    qsort(racer->times_ns, racer->runs, sizeof racer->times_ns[0], compare);
    return (double)racer->times_ns[racer->runs / 2] / (double)NS_PER_MS;
}
