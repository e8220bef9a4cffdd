/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_HISTOGRAM_H
#define FR_CLI_HISTOGRAM_H

#include <stdint.h>

/* Times in ns, counted in buckets of at most 1/64 relative width: fixed memory, however long a recording
 * is. */
#define HISTOGRAM_BITS 6u
#define HISTOGRAM_BUCKETS ((64u - HISTOGRAM_BITS + 1u) << HISTOGRAM_BITS)

struct histogram {
    uint64_t count, max, sum;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t value);

/* Adds all values of another. */
void histogram_merge(struct histogram *into, const struct histogram *from);

/* 0 when there are none. */
double histogram_mean(const struct histogram *histogram);

/* The smallest value that `fraction` (0..1) of all values do not exceed; 0 when there are none. */
uint64_t histogram_at(const struct histogram *histogram, double fraction);

#endif
