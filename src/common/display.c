/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/display.h>

const char *fr_colour_state_name(fr_colour_state state)
{
    switch (state) {
    case FR_COLOUR_STATE_SDR: return "sdr";
    case FR_COLOUR_STATE_SDR_WCG: return "sdr_wcg";
    case FR_COLOUR_STATE_HDR: return "hdr";
    case FR_COLOUR_STATE_UNKNOWN: break;
    }
    return "unknown";
}

bool fr_display_same_ring(const fr_display_descriptor *a, const fr_display_descriptor *b)
{
    return a->mode.width == b->mode.width && a->mode.height == b->mode.height &&
           a->colour_state == b->colour_state && a->format == b->format;
}
