/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_FOLLOW_H
#define FR_CAPTURE_FOLLOW_H

/* Which of the display's reported states is believed, and which ring it asks for. */

#include "ring/ring.h"

#include <framering/display.h>

struct fr_follow {
    fr_display_descriptor display; /* in force */
    fr_display_descriptor candidate;
    bool has_candidate;
};

/*
 * Takes one report of the display. `pushed`: the platform told us of a change, believed at once; else it is a
 * sample, and a change counts after two equal ones. What a report does not know keeps its last known value.
 * True: the ring does not fit the display in force any more.
 */
bool fr_follow_report(struct fr_follow *follow, const fr_display_descriptor *report, bool pushed);

/* The ring format for a display. `sdr_output`: the pictures will be NV12 in any case. */
fr_format fr_follow_ring_format(const fr_display_descriptor *display, bool sdr_output);

/* The format of the pictures: the display's state alone decides, unless the caller asked for SDR. */
fr_format fr_follow_out_format(const fr_display_descriptor *display, bool sdr_output);

#endif
