/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_LANES_H
#define FR_CONVERT_LANES_H

/*
 * A transfer curve, and what follows it, in lanes of 16 bits.
 *
 * Light y = x + FR_LANES_BLACK is a float whose exponent's five lower bits and the upper bit of the fraction
 * name one of 64 segments, half an octave each; g is what is left to the segment's end: FR_LANES_FRACTION
 * less the next 14 bits of the fraction. Products are halved 16 times by dropping their lower bits:
 *
 *   bend   = g (FR_LANES_BEND + g)
 *   signal = p0 - (g (p1 + (bend p2)))
 *
 * Black is 0. In the first segment the signal is black, in the last two it is white; what is darker or
 * brighter has to be clamped into them, and needs no right g. docs/colour.md derives the error.
 */

#include "convert/curve.h"

/* One and a half times 2^-31: black is the end of the first segment, and not the beginning of the second. */
#define FR_LANES_BLACK (0x3p-32f)

enum {
    FR_LANES_SEGMENTS = 64,
    FR_LANES_PARTS = 3,
    FR_LANES_FRACTION = 0x3fff,
    FR_LANES_BEND = 0x8000,
    FR_LANES_DARKEST = 0x3000,  /* upper 16 bits of the least float of segment 0, */
    FR_LANES_BRIGHTEST = 0x3f80 /* and of segment 62 */
};

/*
 * Y'CbCr of those signals, a component to a vector. Luma is a sum of products of 16 bits without their lower
 * 16, by factors without a sign; chroma is one of products of 32 bits, of signals less 32768, twice the mean
 * of the samples.
 *
 *   luma   = code << 6 (P010) or 8 (NV12), with black, the half that rounds and what is dropped in y_bias
 *   chroma = code << 22 (P010) or 24 (NV12), grey being 0
 */
typedef struct fr_lanes_words {
    uint16_t y[3], y_bias;
    int16_t cb[3], cr[3];
    int32_t chroma_bias; /* the half that rounds */
} fr_lanes_words;

/*
 * Y'CbCr of the steps' signals below, by products of 16 bits that are added up in 32. A pair is of factors
 * for red in the lower and green in the upper lane, or for blue in both.
 *
 *   luma   = code << shift, with black and the half that rounds in luma_bias
 *   chroma = code << shift, grey being 0, summed over two rows
 */
typedef struct fr_lanes_matrix {
    int32_t y_rg, y_b; /* the latter for one lane */
    int32_t cb_rg, cb_b, cr_rg, cr_b;
    int32_t luma_bias;
    int32_t chroma_bias; /* the half that rounds */
} fr_lanes_matrix;

/*
 * The same curve for vectors that cannot hold the 64 segments: 128 straight steps to the octave of y, which
 * has to be clamped to FR_LANES_BLACK .. 1. The upper 16 bits of the float less FR_LANES_DARKEST are the
 * index, the lower 16 are f:
 *
 *   signal = offset + (slope f >> 16)
 *
 * The signal is signed: FR_LANES_ZERO is black.
 */
enum { FR_LANES_STEPS = FR_LANES_BRIGHTEST - FR_LANES_DARKEST + 1, FR_LANES_ZERO = -32768 };

typedef struct fr_lanes_step {
    int16_t offset;
    uint16_t slope;
} fr_lanes_step;

typedef struct fr_lanes {
    uint16_t parts[FR_LANES_PARTS][FR_LANES_SEGMENTS];
    fr_lanes_words words;
    fr_lanes_step steps[FR_LANES_STEPS];
    fr_lanes_matrix matrix;
} fr_lanes;

/* PQ for P010, or sRGB for NV12; `curve` is of the same function, for 0..1. */
void fr_lanes_build_p010(fr_lanes *lanes, fr_curve_fn *pq, const fr_curve *curve);
void fr_lanes_build_nv12(fr_lanes *lanes, fr_curve_fn *srgb, const fr_curve *curve);

#endif
