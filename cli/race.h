/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_RACE_H
#define FR_CLI_RACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Times of several calls, taken in turns: what disturbs the machine meanwhile disturbs them all. Each round
 * has its own order, so that none always finds the caches as the same other one left them.
 */

enum { RACE_RUNS_MIN = 5, RACE_RUNS_MAX = 1001, RACE_RACERS_MAX = 16 };

struct racer {
    void (*call)(void *user);
    void *user;
    bool threads; /* other threads work as well: the clock counts, not how long ours ran */
    uint32_t runs;
    uint64_t times_ns[RACE_RUNS_MAX];
};

/* Runs each of at most RACE_RACERS_MAX for about budget_ns, at least RACE_RUNS_MIN times (once where one run
 * takes longer than three budgets). Ends early when the program is asked to stop. */
void race(struct racer *const *racers, size_t count, uint64_t budget_ns);

/* The median of one, in ms. */
double race_median_ms(struct racer *racer);

#endif
