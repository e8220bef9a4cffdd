/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include "clock.h"

/* Faster by this part than said: who had to wait once, since some frames had come early, would wait as long
 * for each from then on where the source runs at the very same rate. */
enum { CATCH_UP = 512 };

void pace_init(struct pace *pace, uint32_t fps_mhz)
{
    pace->interval_ns = fps_mhz ? NS_PER_S * 1000 / fps_mhz : 0;
    pace->interval_ns -= pace->interval_ns / CATCH_UP;
    pace->due_ns = 0;
}

uint64_t pace_wait_ns(const struct pace *pace, uint64_t now_ns)
{
    return pace->interval_ns && pace->due_ns > now_ns ? pace->due_ns - now_ns : 0;
}

void pace_taken(struct pace *pace, uint64_t now_ns)
{
    uint64_t by_rate = pace->due_ns + pace->interval_ns;
    uint64_t by_credit = now_ns > pace->interval_ns ? now_ns - pace->interval_ns : 0;
    pace->due_ns = by_rate > by_credit ? by_rate : by_credit;
}
