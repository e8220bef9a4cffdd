/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_POOL_H
#define FR_CONVERT_POOL_H

/* A few threads that share one piece of work with the thread that has it. */

#include <stdbool.h>
#include <stdint.h>

enum { FR_POOL_HELPERS_MAX = 15 };

struct fr_pool;

/* With at most `num_helpers` threads, 1..FR_POOL_HELPERS_MAX; with those that could be started. NULL: not
 * one, or no memory. */
struct fr_pool *fr_pool_create(uint32_t num_helpers);

/* Ends the threads. Nobody may be in fr_pool_run. Accepts NULL in it. */
void fr_pool_destroy(struct fr_pool **pool);

typedef void fr_pool_fn(void *arg, uint32_t part);

/*
 * Calls run(arg, part) once for each part 0..num_parts - 1, some here, some on the pool's threads, in any
 * order, and returns when all calls have. False: another thread is using the pool; nothing was called. Waits
 * for calls that other threads have begun, not for threads that have yet to wake up. Any thread.
 */
bool fr_pool_run(struct fr_pool *pool, fr_pool_fn *run, void *arg, uint32_t num_parts);

/* The threads that fr_pool_run uses, the caller's among them. */
uint32_t fr_pool_num_threads(const struct fr_pool *pool);

#endif
