/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_COLOUR_H
#define FRAMERING_SOURCES_COLOUR_H

/* Colours as light, and as pixels of the ring formats. */

#include <framering/format.h>

/* Linear light with BT.709 primaries. The unit is the caller's; in scRGB, 1.0 is 80 cd/m2. */
typedef struct fr_rgb {
    float r, g, b;
} fr_rgb;

/* IEEE 754 binary16, to nearest, ties to even; too large becomes infinity. */
uint16_t fr_half_from_float(float value);
float fr_float_from_half(uint16_t half);
void fr_halves_from_floats(uint16_t *halves, const float *values, size_t num);

/* SMPTE ST 2084: 0..1 of the signal to cd/m2 / 10000, and back. */
float fr_pq_to_linear(float signal);
float fr_pq_from_linear(float linear);

/* IEC 61966-2-1, continued beyond 1. */
float fr_srgb_to_linear(float signal);
float fr_srgb_from_linear(float linear);

/* BT.2100 HLG: 0..1 of the signal to scene light, 0..1. */
float fr_hlg_to_scene(float signal);

/* Linear light from one set of primaries to the other (BT.2087). */
static inline fr_rgb fr_bt2020_from_bt709(fr_rgb in)
{
    return (fr_rgb){
        0.627403914F * in.r + 0.329283038F * in.g + 0.043313048F * in.b,
        0.069097292F * in.r + 0.919540405F * in.g + 0.011362303F * in.b,
        0.016391439F * in.r + 0.088013308F * in.g + 0.895595253F * in.b,
    };
}

static inline fr_rgb fr_bt709_from_bt2020(fr_rgb in)
{
    return (fr_rgb){
        1.660491002F * in.r - 0.587641139F * in.g - 0.072849863F * in.b,
        -0.124550475F * in.r + 1.132899897F * in.g - 0.008349423F * in.b,
        -0.018150763F * in.r - 0.100578898F * in.g + 1.118729661F * in.b,
    };
}

/* One pixel of scRGB, in the lowest bytes as it lies in memory; for the 8-bit formats 1.0 is white. */
uint64_t fr_pixel_pack(fr_format format, fr_rgb scrgb);

/* The colour that lies `weight` / 255 of the way from `from` to `to`, mixed as code values. */
uint64_t fr_pixel_mix(fr_format format, uint64_t from, uint64_t to, uint32_t weight);

#endif
