/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <stdlib.h>
#include <time.h>

double stats_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

void stats_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
}

double stats_at(const double *sorted, size_t count, double part)
{
    if (count == 0)
        return 0;
    const double at = part * (double)(count - 1);
    return sorted[(size_t)(at + 0.5)];
}

void stats_write(struct json *json, const char *key, double *values, size_t count)
{
    stats_sort(values, count);
    json_object(json, key);
    json_integer(json, "n", count);
    json_number(json, "min", stats_at(values, count, 0));
    json_number(json, "p50", stats_at(values, count, 0.5));
    json_number(json, "p99", stats_at(values, count, 0.99));
    json_end_object(json);
}
