/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/follow.h"

static fr_display_descriptor merged(const fr_display_descriptor *known, const fr_display_descriptor *report)
{
    fr_display_descriptor display = *report;
    if (!display.mode.width || !display.mode.height)
        display.mode = known->mode;
    if (display.colour_state == FR_COLOUR_STATE_UNKNOWN) {
        display.colour_state = known->colour_state;
        display.format = known->format;
    }
    return display;
}

bool fr_follow_report(struct fr_follow *follow, const fr_display_descriptor *report, bool pushed)
{
    const fr_display_descriptor display = merged(&follow->display, report);
    if (fr_display_same_ring(&display, &follow->display)) {
        follow->display = display; /* refresh, white and luminance need no new ring */
        follow->has_candidate = false;
        return false;
    }
    const bool again = follow->has_candidate && fr_display_same_ring(&display, &follow->candidate);
    if (!pushed && !again) {
        follow->candidate = display;
        follow->has_candidate = true;
        return false;
    }
    follow->display = display;
    follow->has_candidate = false;
    return true;
}

fr_format fr_follow_ring_format(const fr_display_descriptor *display, bool sdr_output)
{
    switch (display->colour_state) {
    case FR_COLOUR_STATE_HDR:
        return display->format == FR_FORMAT_RGB10A2 && !sdr_output ? FR_FORMAT_RGB10A2 : FR_FORMAT_RGBA16F;
    case FR_COLOUR_STATE_SDR_WCG: return FR_FORMAT_RGBA16F;
    case FR_COLOUR_STATE_SDR:
    case FR_COLOUR_STATE_UNKNOWN: break;
    }
    return display->format == FR_FORMAT_RGBA8 ? FR_FORMAT_RGBA8 : FR_FORMAT_BGRA8;
}

fr_format fr_follow_out_format(const fr_display_descriptor *display, bool sdr_output)
{
    return display->colour_state == FR_COLOUR_STATE_HDR && !sdr_output ? FR_FORMAT_P010 : FR_FORMAT_NV12;
}
