/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_TONE_LANES_H
#define FR_CONVERT_TONE_LANES_H

/*
 * The light that a pixel's largest component is mapped to, as cubics of it, two to the octave, few enough for
 * registers. The factor of all components is the quotient of both.
 */

#include "convert/curve.h"

#include <stdbool.h>

enum { FR_TONE_SEGMENTS = 32, FR_TONE_SHIFT = 22 /* leaves the exponent and one bit of the mantissa */ };

typedef struct fr_tone_lanes {
    bool good;             /* false: this map needs more segments */
    uint32_t first;        /* segment 0's upper bits */
    float lowest, highest; /* what is outside is clamped to them; where it is below, the factor is constant */
    float parts[4][FR_TONE_SEGMENTS];
} fr_tone_lanes;

/* `gain`: the factor for a largest component; from `peak` on it is in inverse proportion to that. */
void fr_tone_lanes_build(fr_tone_lanes *lanes, double peak, fr_curve_fn *gain, const void *arg);

#endif
