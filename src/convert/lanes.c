/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/lanes.h"

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

static uint32_t upper_product(uint32_t a, uint32_t b)
{
    return a * b >> 16;
}

static int32_t evaluate(const int32_t p[FR_LANES_PARTS], uint32_t g)
{
    const uint32_t bend = upper_product(g, FR_LANES_BEND + g);
    return p[0] - (int32_t)upper_product(g, (uint32_t)p[1] + upper_product(bend, (uint32_t)p[2]));
}

/* Through the zeros of a Chebyshev polynomial: how fast the signal falls from the segment's end on, 0..1 from
 * there, and how fast g^2 (1 + g/2) adds to that. */
static void fit(const span *s, double *fall, double *more)
{
    static const double half_pi_third = 0.52359877559829887;
    double g[3], fallen[3], bend[3];
    for (int i = 0; i < 3; i++) {
        g[i] = (1 - cos((2 * i + 1) * half_pi_third)) / 2;
        fallen[i] = -exact(1 - g[i], s);
        bend[i] = g[i] * g[i] * (1 + g[i] / 2);
    }
    for (int i = 2; i > 0; i--) {
        fallen[i] = (fallen[i] - fallen[0]) / (g[i] - g[0]);
        bend[i] = (bend[i] - bend[0]) / (g[i] - g[0]);
    }
    *more = (fallen[2] - fallen[1]) / (bend[2] - bend[1]);
    *fall = fallen[1] - *more * bend[1];
    if (*more < 0) { /* straight, but for a trace */
        *more = 0;
        *fall = fallen[2];
    }
}

static void quantize(const span *s, int32_t p[FR_LANES_PARTS])
{
    double fall, more;
    fit(s, &fall, &more);
    /* Dropped bits make a product half a unit too small. */
    p[1] = (int32_t)lround(4 * fall + 0.5);
    p[2] = (int32_t)lround(32 * more);
    p[0] = 0;
    /* The constant makes up for what rounding the others does on average. */
    enum { NUM_SAMPLES = 64 };
    double sum = 0;
    for (int i = 0; i < NUM_SAMPLES; i++) {
        const double g = (i + 0.5) / NUM_SAMPLES;
        sum += exact(1 - g, s) - evaluate(p, (uint32_t)(g * (FR_LANES_FRACTION + 1)));
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

/* Code units times 2^shift / white, of red, green and blue; `black` is luma's code. */
typedef struct factors {
    double white;
    int y[3], cb[3], cr[3];
    int shift, black;
} factors;

/* Of chroma, summed over two samples. */
static int32_t half_code(const factors *f)
{
    return 1 << f->shift;
}

static fr_lanes_matrix make_matrix(const factors *f)
{
    return (fr_lanes_matrix){
        .y_rg = pair(f->y[0], f->y[1]),
        .y_b = pair(f->y[2], 0),
        .cb_rg = pair(f->cb[0], f->cb[1]),
        .cb_b = pair(f->cb[2], f->cb[2]),
        .cr_rg = pair(f->cr[0], f->cr[1]),
        .cr_b = pair(f->cr[2], f->cr[2]),
        .luma_bias =
            (2 * f->black + 1) * (1 << (f->shift - 1)) - FR_LANES_ZERO * (f->y[0] + f->y[1] + f->y[2]),
        .chroma_bias = half_code(f),
    };
}

static fr_lanes_words make_words(const factors *f)
{
    fr_lanes_words words;
    /* Each of three products lacks half a unit on average; a whole number is at least a bound where it is at
     * least the bound less a half. */
    words.y_bias = (uint16_t)((2 * f->black + 1) * (1 << (f->shift - 16)) + 1);
    words.chroma_bias = half_code(f);
    for (int i = 0; i < 3; i++) {
        words.y[i] = (uint16_t)(2 * f->y[i]);
        words.cb[i] = (int16_t)f->cb[i];
        words.cr[i] = (int16_t)f->cr[i];
    }
    return words;
}

static void build(fr_lanes *lanes, const factors *f, fr_curve_fn *function, const fr_curve *curve)
{
    build_curve(lanes, f->white, function);
    build_steps(lanes, f->white, curve);
    lanes->matrix = make_matrix(f);
    lanes->words = make_words(f);
}

/*
 * White was searched for: with these all nine exact factors lie near integers, within 0.003 of a code (P010)
 * and 0.0013 (NV12) altogether. Those of a difference sum to 0, so that grey has no colour.
 */
static const factors p010 = {
    .white = 63930.5,
    .y = {7549, 19483, 1704},
    .cb = {-4104, -10592, 14696},
    .cr = {14696, -13514, -1182},
    .shift = 21,
    .black = 64,
};
static const factors nv12 = {
    .white = 64826,
    .y = {6025, 20268, 2046},
    .cb = {-3321, -11172, 14493},
    .cr = {14493, -13164, -1329},
    .shift = 23,
    .black = 16,
};

void fr_lanes_build_p010(fr_lanes *lanes, fr_curve_fn *pq, const fr_curve *curve)
{
    build(lanes, &p010, pq, curve);
}

void fr_lanes_build_nv12(fr_lanes *lanes, fr_curve_fn *srgb, const fr_curve *curve)
{
    build(lanes, &nv12, srgb, curve);
}
