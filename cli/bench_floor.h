/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_FLOOR_H
#define FR_CLI_BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

/* What two processes that only wake each other need: the floor of every hand-off. linux/bench_floor.c,
 * win32/bench_floor.c. */

enum { BENCH_FLOORS_MAX = 2 };

/* The kinds of wake-ups that the system has: "eventfd". Ends with NULL. */
extern const char *const bench_floor_names[];

struct bench_floor;

/* Starts a process that answers, on the processor peer_cpu (-1: any), while ours stays at own_cpu. To be
 * called while the program has one thread. False: it failed, and that was told; *out is NULL. */
bool bench_floor_open(struct bench_floor **out, const char *name, int own_cpu, int peer_cpu);

/* There and back; *there_ns: only there, 0 = not known. False: it failed, and that was told. */
bool bench_floor_trip(struct bench_floor *floor, uint64_t *both_ns, uint64_t *there_ns);

void bench_floor_close(struct bench_floor **floor);

/* The other process, where it has to be a program of its own. Returns the exit code. */
int bench_answer(const char *name);

#endif
