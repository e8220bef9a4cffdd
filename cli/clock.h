/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CLOCK_H
#define FR_CLI_CLOCK_H

#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* CLOCK_MONOTONIC, the clock of every time in the library. */
uint64_t clock_now_ns(void);

/* CPU time that the calling thread used. */
uint64_t clock_thread_cpu_ns(void);

/* Sleeps; a signal ends it early. */
void clock_sleep_ns(uint64_t ns);

#endif
