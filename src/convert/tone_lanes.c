/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/tone_lanes.h"
#include "convert/chebyshev.h"

#include <math.h>

/* Of the factor, of itself: 0.005 of a code. */
static const double most_error = 5e-5;

static double evaluate(const fr_tone_lanes *lanes, double x)
{
    const float at = (float)fmin(fmax(x, (double)lanes->lowest), (double)lanes->highest);
    uint32_t bits;
    memcpy(&bits, &at, sizeof(bits));
    const uint32_t i = (bits >> FR_TONE_SHIFT) - lanes->first;
    const double t = (double)at;
    const double mapped =
        (double)lanes->parts[0][i] +
        t * ((double)lanes->parts[1][i] + t * ((double)lanes->parts[2][i] + t * (double)lanes->parts[3][i]));
    return mapped / fmax(x, (double)lanes->lowest);
}

static bool is_good(const fr_tone_lanes *lanes, fr_curve_fn *gain, const void *arg)
{
    enum { PER_OCTAVE = 16, OCTAVES = 30 };
    for (int i = 0; i < PER_OCTAVE * OCTAVES; i++) {
        const double x = (double)lanes->highest * exp2((0.5 - i) / PER_OCTAVE), exact = gain(x, arg);
        if (fabs(evaluate(lanes, x) - exact) > most_error * exact)
            return false;
    }
    return true;
}

typedef struct mapped_arg {
    fr_curve_fn *gain;
    const void *arg;
} mapped_arg;

static double mapped(double x, const void *arg)
{
    const mapped_arg *const m = arg;
    return x * m->gain(x, m->arg);
}

void fr_tone_lanes_build(fr_tone_lanes *lanes, double peak, fr_curve_fn *gain, const void *arg)
{
    const int top = (int)floor(log2(peak)) + 1; /* of the octave that holds the peak */
    lanes->lowest = (float)ldexp(1, top - FR_TONE_SEGMENTS / 2);
    lanes->highest = (float)peak;
    lanes->first = (uint32_t)(127 + top - FR_TONE_SEGMENTS / 2) * 2;
    const mapped_arg m = {gain, arg};
    for (int i = 0; i < FR_TONE_SEGMENTS; i++) {
        const double octave = ldexp(1, top - FR_TONE_SEGMENTS / 2 + i / 2);
        const double start = octave * (i % 2 ? 1.5 : 1), end = fmin(start + octave / 2, peak);
        double c[4] = {0};
        if (start < end)
            fr_fit_cubic(c, start, end, mapped, &m);
        for (int k = 0; k < 4; k++)
            lanes->parts[k][i] = (float)c[k];
    }
    lanes->good = is_good(lanes, gain, arg);
}
