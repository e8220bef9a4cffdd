/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_TIMELINE_H
#define FR_ENCODE_TIMELINE_H

/* The times of a segment: from what frames say of themselves to ticks that begin at 0 and strictly
 * increase. */

#include <framering/frame.h>

struct fr_timeline {
    uint32_t ticks_per_second;
    bool begun;
    uint64_t base_ns;    /* present time that is 0 */
    uint64_t last_ns;    /* in the segment, of the last frame */
    uint64_t last_clock; /* when the last frame came */
    int64_t last_ticks;
};

void fr_timeline_init(struct fr_timeline *timeline, uint32_t ticks_per_second);

/* `now_ns` is a monotonic clock, not necessarily the one of the frames. */
int64_t fr_timeline_next(struct fr_timeline *timeline, const fr_frame *frame, uint64_t now_ns);

#endif
