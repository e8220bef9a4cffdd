/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/timeline.h"

/* Present times come from the source. One that leads further than this from where the clock says we are (a
 * lie, or a new source with another clock) must not freeze or stretch the recording: the clock takes over. */
#define LEAP_NS UINT64_C(10000000000)

void fr_timeline_init(struct fr_timeline *timeline, uint32_t ticks_per_second)
{
    *timeline = (struct fr_timeline){.ticks_per_second = ticks_per_second};
}

static int64_t to_ticks(uint64_t ns, uint32_t ticks_per_second)
{
    const uint64_t second = UINT64_C(1000000000);
    return (int64_t)(ns / second * ticks_per_second + (ns % second * ticks_per_second + second / 2) / second);
}

int64_t fr_timeline_next(struct fr_timeline *timeline, const fr_frame *frame, uint64_t now_ns)
{
    if (!timeline->begun) {
        timeline->begun = true;
        timeline->base_ns = frame->present_ns;
        timeline->last_ns = 0;
        timeline->last_ticks = 0;
        timeline->last_clock = now_ns;
        return 0;
    }
    const uint64_t expected = timeline->last_ns + (now_ns - timeline->last_clock);
    uint64_t at = expected;
    if (!frame->repeat) {
        at = frame->present_ns - timeline->base_ns;
        /* Both differences wrap: a time far in the past is a leap too. */
        if (at - expected > LEAP_NS && expected - at > LEAP_NS) {
            timeline->base_ns = frame->present_ns - expected;
            at = expected;
        }
    }
    /* A little before the segment's own zero. */
    if (at > (uint64_t)INT64_MAX)
        at = 0;
    int64_t ticks = to_ticks(at, timeline->ticks_per_second);
    if (ticks <= timeline->last_ticks)
        ticks = timeline->last_ticks + 1;
    timeline->last_ns = at;
    timeline->last_clock = now_ns;
    timeline->last_ticks = ticks;
    return ticks;
}
