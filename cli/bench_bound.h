/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_BOUND_H
#define FR_CLI_BENCH_BOUND_H

#include "bench_move.h"
#include "race.h"

#include <jansson.h>

/* The bound of a conversion or a copy, raced beside it: every way to move its bytes. */
struct bench_bound {
    const uint8_t *in;
    uint8_t *out;
    size_t in_bytes, out_bytes;
    struct bench_move moves[BENCH_MOVES_MAX];
    size_t count;
    struct bench_mover {
        const struct bench_bound *bound;
        void (*run)(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes);
    } movers[BENCH_MOVES_MAX];
    struct racer racers[BENCH_MOVES_MAX];
    size_t best;
    double ms; /* of the best */
};

/* Sets up a race of all ways that the processor can run (cpu: FR_CPU_*), whose buffers the caller has set, as
 * the first `count` of `order`. */
void bench_bound_init(struct bench_bound *bound, uint32_t cpu, struct racer **order);

/* After the race. */
void bench_bound_find(struct bench_bound *bound);

/* Sets up another race, with the best one alone as the first of `order`, by the clock. */
void bench_bound_again(struct bench_bound *bound, struct racer **order);
void bench_bound_found(struct bench_bound *bound);

/* A row of `bench convert`. */
json_t *bench_bound_row(const struct bench_bound *bound, const char *kernel, const char *isa,
                        const uint32_t size[2], unsigned threads, double ms);

#endif
