/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_STATS_H
#define FR_BENCH_GPU_STATS_H

#include "json.h"

#include <stddef.h>

double stats_now_us(void); /* CLOCK_MONOTONIC */
void stats_sort(double *values, size_t count);
double stats_at(const double *sorted, size_t count, double part); /* part 0..1; 0 of none is 0 */
/* An object of n, min, p50, p99; sorts. */
void stats_write(struct json *json, const char *key, double *values, size_t count);

#endif
