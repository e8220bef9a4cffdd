/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CLOCK_H
#define FR_CLI_CLOCK_H

/* The time is fr_clock_now_ns. */
#include <framering/frame.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

/* CPU time that the calling thread used. */
uint64_t clock_thread_cpu_ns(void);

/* Sleeps; what asks the program to stop ends it early. */
void clock_sleep_ns(uint64_t ns);

/* The local time by a format of strftime. False: it does not fit, or the clock is odd. */
bool clock_write_local(char *out, size_t bytes, const char *format);

#endif
