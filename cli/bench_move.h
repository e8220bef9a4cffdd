/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_MOVE_H
#define FR_CLI_BENCH_MOVE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The bound of a conversion: all of its input is read once and as many bytes as its output has are written
 * once, with no arithmetic but what keeps the reads alive. Several ways; the fastest counts.
 */

enum { BENCH_MOVES_MAX = 9 };

struct bench_move {
    const char *name; /* "stream avx512" */
    /* Both at multiples of 64. */
    void (*run)(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes);
};

/* Those that this processor runs; returns how many. cpu: FR_CPU_*. */
size_t bench_moves(struct bench_move *out, uint32_t cpu);

#endif
