/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_DISPLAY_H
#define FRAMERING_DISPLAY_H

/*
 * What a display is right now, and how a host learns it.
 *
 * By default the host believes the source, which announces its display over the channel (provider "peer"):
 * every announced change is acted on at once. A host that knows the display better (it drives the kernel's
 * mode setting, or Windows' display configuration) passes an fr_display_provider in fr_capture_params
 * instead: it is asked at most every 250 ms on a thread of the capture, never on the frame thread, and a
 * change counts after two equal samples.
 */

#include <framering/format.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fr_colour_state {
    FR_COLOUR_STATE_UNKNOWN = 0, /* the last known one stays in force */
    FR_COLOUR_STATE_SDR = 1,
    FR_COLOUR_STATE_SDR_WCG = 2, /* wide colour composed in FP16, shown as SDR */
    FR_COLOUR_STATE_HDR = 3
} fr_colour_state;

/* "unknown", "sdr", "sdr_wcg" or "hdr". Static; never NULL. */
FR_API const char *fr_colour_state_name(fr_colour_state state);

/* A display mode. All zero: not known. */
typedef struct fr_mode {
    uint32_t width, height; /* pixels, 1..FR_SIZE_MAX */
    uint32_t refresh_mhz;   /* thousandths of a hertz: 60000 is 60 Hz; 0 = not known */
} fr_mode;

/* The display's actual state. All zero: nothing known. */
typedef struct fr_display_descriptor {
    fr_mode mode;
    fr_colour_state colour_state;
    fr_format format; /* the ring format that the source would like; FR_FORMAT_NONE = the usual one:
                         BGRA8 for SDR, RGBA16F for SDR_WCG and HDR. RGBA8 fits SDR, RGB10A2 fits HDR;
                         one that does not fit the colour state is not followed */
    uint32_t sdr_white_millinits; /* thousandths of cd/m2 that SDR white has on this display; 0 = 203 cd/m2
                                     (BT.2408) */
    uint32_t max_luminance_millinits;      /* of a small patch; 0 = not known */
    uint32_t max_full_frame_millinits;     /* of the whole picture; 0 = not known */
    uint32_t min_luminance_tenthmillinits; /* 0.0001 cd/m2; 0 = not known */
} fr_display_descriptor;

/* True when both describe the same ring: equal size, colour state and format. */
FR_API bool fr_display_same_ring(const fr_display_descriptor *a, const fr_display_descriptor *b);

/*
 * A host's own way of knowing (and changing) a display. `self` is passed to each function.
 * The functions are called on one thread of the capture at a time, none while a lock is held.
 */
typedef struct fr_display_provider {
    void *self;
    /* Fills *out with the present state. FR_OK, or any failure: the last known state stays. May take long. */
    fr_status (*sample)(void *self, fr_display_descriptor *out);
    /* Asks for HDR on or off; the effect is seen by `sample` only. NULL: cannot. May take long. */
    fr_status (*set_hdr)(void *self, bool on);
} fr_display_provider;

#ifdef __cplusplus
}
#endif
#endif
