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

static void shuffle(size_t *order, size_t count, uint32_t *state)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = next_random(state) % i, kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static uint64_t time_call(const struct racer *racer)
{
    uint64_t begin = racer->threads ? fr_clock_now_ns() : machine_ran_ns();
    racer->call(racer->user);
    uint64_t took = (racer->threads ? fr_clock_now_ns() : machine_ran_ns()) - begin;
    return took ? took : 1;
}

/* A first run warms up, a second one tells how long they take: the fastest is in each round, one that takes
 * ten times as long in every tenth, so that what it does to the caches meets all others alike. Returns how
 * many rounds there are. */
static uint64_t plan(struct racer *const *racers, size_t count, uint64_t budget_ns, uint64_t *every)
{
    uint64_t fastest = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        racers[i]->runs = 0;
        racers[i]->call(racers[i]->user);
        every[i] = time_call(racers[i]);
        fastest = every[i] < fastest ? every[i] : fastest;
    }
    uint64_t rounds = budget_ns / fastest;
    rounds = rounds < RACE_RUNS_MIN ? RACE_RUNS_MIN : rounds > RACE_RUNS_MAX ? RACE_RUNS_MAX : rounds;
    for (size_t i = 0; i < count; i++) {
        /* One run of what takes longer than all others may. */
        uint64_t runs = every[i] > 3 * budget_ns ? 1 : RACE_RUNS_MIN, most = (rounds + runs - 1) / runs;
        every[i] = (every[i] + fastest / 2) / fastest;
        every[i] = every[i] < 1 ? 1 : every[i] > most ? most : every[i];
    }
    return rounds;
}

void race(struct racer *const *racers, size_t count, uint64_t budget_ns)
{
    size_t order[RACE_RACERS_MAX];
    uint64_t every[RACE_RACERS_MAX];
    uint32_t state = 2463534242u;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    uint64_t rounds = plan(racers, count, budget_ns, every);
    for (uint64_t round = 0; round < rounds && !stop_requested(); round++) {
        shuffle(order, count, &state);
        for (size_t i = 0; i < count; i++) {
            struct racer *racer = racers[order[i]];
            if (round % every[order[i]] == 0)
                racer->times_ns[racer->runs++] = time_call(racer);
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
