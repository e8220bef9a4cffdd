/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_MACHINE_H
#define FR_CLI_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What measuring needs of the machine. linux/machine.c, win32/machine.c. */

enum { MACHINE_CPUS_MAX = 1024 };

/* The processors that this program may run on, the least busy of the last 50 ms first. Returns how many; 0:
 * the system does not say. */
unsigned machine_cpus(int *cpus, unsigned max);

/* From now on the calling thread, and what it starts, runs on this processor alone; -1: on all that were
 * allowed at the start. False: the system does not do it. */
bool machine_pin(int cpu);

/* How long the calling thread ran, on a busy machine without what others took; where the system counts that
 * too coarsely, the clock. Any start. */
uint64_t machine_ran_ns(void);

/* Memory as a ring's slots have it (of an object that can be shared, huge pages as the system gives them to
 * such), on a page of its own; NULL: none. Every page is there. */
void *machine_slots_alloc(size_t bytes);
void machine_slots_free(void *memory, size_t bytes);

/* Memory as a capture's surfaces have it, at a multiple of 64; NULL: none. Every page is there. */
void *machine_surface_alloc(size_t bytes);
void machine_surface_free(void *memory);

#endif
