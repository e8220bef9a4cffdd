/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/clock.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#define NS_PER_S UINT64_C(1000000000)

/* Not av_gettime_relative: on Windows that is the time of day, moved by some hours. */
uint64_t fr_encode_now_ns(void)
{
    LARGE_INTEGER ticks, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&ticks);
    const uint64_t all = (uint64_t)ticks.QuadPart, per_s = (uint64_t)frequency.QuadPart;
    return all / per_s * NS_PER_S + all % per_s * NS_PER_S / per_s;
}
