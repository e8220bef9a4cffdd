/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_CURVE_H
#define FR_CONVERT_CURVE_H

/*
 * A function of one non-negative float as straight segments, 64 to the octave, found by the upper bits of the
 * float itself. docs/colour.md derives the error. The exact functions that the curves are built from are here
 * too.
 */

#include <stdint.h>
#include <string.h>

enum {
    FR_CURVE_SHIFT = 17, /* leaves the exponent and six bits of the mantissa */
    FR_CURVE_PER_OCTAVE = 64,
    FR_CURVE_OCTAVES_MAX = 44,
    FR_CURVE_SEGMENTS_MAX = FR_CURVE_PER_OCTAVE * FR_CURVE_OCTAVES_MAX + 1
};

typedef struct fr_curve_segment {
    float offset, slope;
} fr_curve_segment;

typedef struct fr_curve {
    uint32_t first; /* upper bits of the float at which segment 0 begins; smaller inputs share that segment */
    fr_curve_segment segments[FR_CURVE_SEGMENTS_MAX];
} fr_curve;

typedef double fr_curve_fn(double x, const void *arg);

/* Segments for 2^low_exponent .. 2^high_exponent, at most FR_CURVE_OCTAVES_MAX octaves; segment 0 begins at
 * 0. */
void fr_curve_build(fr_curve *curve, int low_exponent, int high_exponent, fr_curve_fn *function,
                    const void *arg);

/* `x` must be in 0 .. 2^high_exponent. */
static inline float fr_curve_at(const fr_curve *curve, float x)
{
    uint32_t index;
    memcpy(&index, &x, sizeof(index));
    index = (index >> FR_CURVE_SHIFT) - curve->first;
    index &= (index >> 31) - 1; /* below the first segment: 0, and not by a jump */
    return curve->segments[index].offset + curve->segments[index].slope * x;
}

/* SMPTE ST 2084: cd/m2 / 10000 to signal, and back. */
double fr_pq_encode(double light);
double fr_pq_decode(double signal);

/* IEC 61966-2-1: linear 0..1 to signal. */
double fr_srgb_encode(double light);

/* ITU-R BT.2390 EETF without black lift, from a master of one peak to a display of another, both in cd/m2. */
typedef struct fr_tone_map {
    double source_peak, target_peak;
    double source, target; /* PQ of the source's peak; of the target's, with the source's as 1 */
    double knee;           /* with the source's peak as 1 */
} fr_tone_map;

fr_tone_map fr_tone_map_init(double source_peak, double target_peak);

/* cd/m2 to cd/m2. */
double fr_tone_map_at(const fr_tone_map *map, double nits);

#endif
