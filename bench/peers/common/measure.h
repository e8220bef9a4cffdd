/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_MEASURE_H
#define PEERS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

uint64_t now_ns(void);         /* CLOCK_MONOTONIC */
uint64_t process_cpu_ns(void); /* of all threads */

/* Until that time of now_ns. */
void sleep_until(uint64_t at_ns);

/* The n-th processor that this process may run on, counted round; -1: cannot be known. */
int nth_core(int n);

/* The calling thread, and those that it makes later. False, and told: not possible. */
bool pin_to(int core);

/* The calling thread, and those that it makes later, before all that are not so. False, and told. */
bool be_realtime(void);

struct samples {
    uint64_t *ns;
    size_t count, capacity;
};

/* Further ones are left out when the memory is used up. */
void samples_add(struct samples *samples, uint64_t ns);
void samples_finish(struct samples *samples);

/* The smallest value that `part` (0 to 1) of all are not above; 0 when there are none. Sorts. */
uint64_t samples_at(struct samples *samples, double part);

#endif
