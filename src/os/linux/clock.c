/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/linux/linux.h"

uint64_t fr_linux_now_ns(void *self)
{
    (void)self;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * FR_NS_PER_S + (uint64_t)now.tv_nsec;
}

struct timespec fr_linux_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / FR_NS_PER_S), .tv_nsec = (long)(ns % FR_NS_PER_S)};
}
