/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/lanes.h"
#include "convert/chebyshev.h"

#include <math.h>

/* A segment: of y, and the function of light whose values are multiplied by white. */
typedef struct span {
    double start, width, white;
    fr_curve_fn *function;
} span;

/* The signal at `at` in 0..1 of the segment. */
static double exact(double at, const void *arg)
{
    const span *const s = arg;
    return s->white * s->function(s->start + at * s->width - (double)FR_LANES_BLACK, NULL);
}

static int32_t evaluate(const int32_t p[FR_LANES_PARTS], int32_t f)
{
    return p[0] + (f * (p[1] - (f * (p[2] - (f * p[3] >> 16)) >> 16)) >> 16);
}

/* The parts have no sign: the curves rise ever less steeply, and so do the cubics but for a trace. A power of
 * the wrong sign becomes the next lower one that is nearest to it over 0..1. */
static void make_signs_alternate(double c[4])
{
    if (c[3] < 0) {
        c[2] += c[3] * 48 / 32;
        c[1] -= c[3] * 18 / 32;
        c[0] += c[3] / 32;
        c[3] = 0;
    }
    if (c[2] > 0) {
        c[1] += c[2];
        c[0] -= c[2] / 8;
        c[2] = c[3] = 0;
    }
}

/* Dropped bits make a product half a unit too small. */
static void quantize(const span *s, int32_t p[FR_LANES_PARTS])
{
    double c[4];
    fr_fit_cubic(c, 0, 1, exact, s);
    make_signs_alternate(c);
    p[3] = (int32_t)lround(64 * c[3]);
    p[2] = (int32_t)lround(fmax(-16 * c[2] - 0.5, p[3] / 4.0));
    p[1] = (int32_t)lround(4 * c[1] - 0.5);
    p[0] = 0;
    /* The constant makes up for what rounding the others does on average. */
    enum { NUM_SAMPLES = 16 };
    double sum = 0;
    for (int i = 0; i < NUM_SAMPLES; i++) {
        const double at = (i + 0.5) / NUM_SAMPLES;
        sum += exact(at, s) - evaluate(p, (int32_t)(at * (FR_LANES_FRACTION + 1)));
    }
    p[0] = (int32_t)lround(sum / NUM_SAMPLES);
}

/* `white`: how far above black the signal of light 1 is. */
static void build_curve(fr_lanes *lanes, double white, fr_curve_fn *function)
{
    for (int i = 0; i < FR_LANES_SEGMENTS; i++) {
        int32_t p[FR_LANES_PARTS] = {0};
        const double octave = ldexp(1, i / 2 - 31);
        const span s = {octave * (i % 2 ? 1.5 : 1), octave / 2, white, function};
        if (i >= FR_LANES_SEGMENTS - 2)
            p[0] = (int32_t)lround(white * function(1, NULL));
        else if (i > 0)
            quantize(&s, p);
        p[0] += FR_LANES_ZERO;
        for (int k = 0; k < FR_LANES_PARTS; k++)
            lanes->parts[k][i] = (uint16_t)p[k];
    }
}

/* Chords; the offset makes up for what rounding and dropping bits do in the middle, but black stays black. */
static void build_steps(fr_lanes *lanes, double white, const fr_curve *curve)
{
    const int per_octave = 128;
    for (int i = 0; i < FR_LANES_STEPS; i++) {
        const double octave = ldexp(1, i / per_octave - 31), width = octave / per_octave;
        const double start = fmin(octave + i % per_octave * width - (double)FR_LANES_BLACK, 1);
        double offset = 0;
        long slope = 0;
        if (i == FR_LANES_STEPS - 1) {
            offset = white * (double)fr_curve_at(curve, 1);
        } else if (start >= 0) {
            const double left = (double)fr_curve_at(curve, (float)start);
            const double middle = (double)fr_curve_at(curve, (float)(start + width / 2));
            const double right = (double)fr_curve_at(curve, (float)fmin(start + width, 1));
            slope = lround(white * (right - left));
            offset = start > 0 ? white * middle - (double)(slope - 1) / 2 : 0;
        }
        lanes->steps[i].slope = (uint16_t)slope;
        lanes->steps[i].offset = (int16_t)(lround(offset) + FR_LANES_ZERO);
    }
}

static int32_t pair(int low, int high)
{
    return (int32_t)((uint32_t)(uint16_t)low | (uint32_t)high << 16);
}

static fr_lanes_matrix make_matrix(const int y[3], const int cb[3], const int cr[3], int shift, int black)
{
    return (fr_lanes_matrix){
        .y_rg = pair(y[0], y[1]),
        .y_b = pair(y[2], 0),
        .cb_rg = pair(cb[0], cb[1]),
        .cb_b = pair(cb[2], cb[2]),
        .cr_rg = pair(cr[0], cr[1]),
        .cr_b = pair(cr[2], cr[2]),
        .luma_bias = (2 * black + 1) * (1 << (shift - 1)) - FR_LANES_ZERO * (y[0] + y[1] + y[2]),
        .chroma_bias = 1 << shift,
    };
}

/*
 * The factors are code units times 2^shift / white, of red, green and blue. White was searched for: with
 * these all nine exact factors lie near integers, within 0.003 of a code (P010) and 0.0013 (NV12) altogether.
 * Those of a difference sum to 0, so that grey has no colour.
 */
void fr_lanes_build_p010(fr_lanes *lanes, fr_curve_fn *pq, const fr_curve *curve)
{
    build_curve(lanes, 63930.5, pq);
    build_steps(lanes, 63930.5, curve);
    lanes->matrix = make_matrix((const int[]){7549, 19483, 1704}, (const int[]){-4104, -10592, 14696},
                                (const int[]){14696, -13514, -1182}, 21, 64);
}

void fr_lanes_build_nv12(fr_lanes *lanes, fr_curve_fn *srgb, const fr_curve *curve)
{
    build_curve(lanes, 64826, srgb);
    build_steps(lanes, 64826, curve);
    lanes->matrix = make_matrix((const int[]){6025, 20268, 2046}, (const int[]){-3321, -11172, 14493},
                                (const int[]){14493, -13164, -1329}, 23, 16);
}
