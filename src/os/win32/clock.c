/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

uint64_t fr_win32_ns_of_ticks(uint64_t ticks)
{
    LARGE_INTEGER frequency;
    QueryPerformanceFrequency(&frequency);
    const uint64_t per_s = (uint64_t)frequency.QuadPart;
    /* Seconds apart from the rest: ticks * FR_NS_PER_S would overflow after half an hour at 10 MHz. */
    return ticks / per_s * FR_NS_PER_S + ticks % per_s * FR_NS_PER_S / per_s;
}

uint64_t fr_win32_now_ns(void *self)
{
    (void)self;
    LARGE_INTEGER ticks;
    QueryPerformanceCounter(&ticks);
    return fr_win32_ns_of_ticks((uint64_t)ticks.QuadPart);
}
