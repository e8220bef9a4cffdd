/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_TONE_LANES_H
#define FR_CONVERT_TONE_LANES_H

/*
 * The light that a pixel's largest component x is mapped to, as cubics of u = x / lowest, two to the octave
 * from u = 1 on, few enough for registers. The factor of all components is that light divided by x. x below
 * lowest, where the map leaves light as it is, is taken for lowest.
 */

#include "convert/curve.h"

#include <stdbool.h>

enum { FR_TONE_SEGMENTS = 32 };

typedef struct fr_tone_lanes {
    bool good; /* false: this map needs more segments */
    int shift; /* of u's bits; the five lower bits are then the index */
    float lowest, highest, inverse_lowest;
    float parts[4][FR_TONE_SEGMENTS]; /* not from u = 1 on, but by index */
} fr_tone_lanes;

/* `gain`: the factor for a largest component; one and the same up to `knee`, and from `peak` on in inverse
 * proportion to the component. */
void fr_tone_lanes_build(fr_tone_lanes *lanes, double knee, double peak, fr_curve_fn *gain, const void *arg);

#endif
