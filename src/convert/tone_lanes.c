/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/tone_lanes.h"
#include "convert/chebyshev.h"

#include <math.h>

/* Of the factor, of itself: 0.005 of a code. */
static const double most_error = 5e-5;

static uint32_t index_of(const fr_tone_lanes *lanes, float u)
{
    uint32_t bits;
    memcpy(&bits, &u, sizeof(bits));
    return (bits >> lanes->shift) % FR_TONE_SEGMENTS;
}

static double evaluate(const fr_tone_lanes *lanes, double x)
{
    const double lowest = (double)lanes->lowest,
                 u = fmin(fmax(x, lowest), (double)lanes->highest) * (double)lanes->inverse_lowest;
    const uint32_t i = index_of(lanes, (float)u);
    double mapped = 0;
    for (int k = 3; k >= 0; k--)
        mapped = mapped * u + (double)lanes->parts[k][i];
    return mapped / fmax(x, lowest);
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
    double lowest;
    fr_curve_fn *gain;
    const void *arg;
} mapped_arg;

static double mapped(double u, const void *arg)
{
    const mapped_arg *const m = arg;
    return m->lowest * u * m->gain(m->lowest * u, m->arg);
}

void fr_tone_lanes_build(fr_tone_lanes *lanes, double knee, double peak, fr_curve_fn *gain, const void *arg)
{
    const double most_octaves = FR_TONE_SEGMENTS / 2 - 0.1;
    lanes->highest = (float)peak;
    lanes->lowest = (float)fmin(fmax(knee, peak / exp2(most_octaves)), peak);
    lanes->inverse_lowest = 1 / lanes->lowest;
    while (lanes->lowest * lanes->inverse_lowest < 1) /* u below 1 would be taken for the last segment's */
        lanes->inverse_lowest = nextafterf(lanes->inverse_lowest, INFINITY);
    const mapped_arg m = {(double)lanes->lowest, gain, arg};
    const double end = peak / m.lowest;
    int per_octave_log2 = 1;
    while (per_octave_log2 < 5 && log2(end) < (FR_TONE_SEGMENTS >> (per_octave_log2 + 1)) - 0.01)
        per_octave_log2++;
    lanes->shift = 23 - per_octave_log2;
    const int per_octave = 1 << per_octave_log2;
    for (int i = 0; i < FR_TONE_SEGMENTS; i++) {
        const double octave = ldexp(1, i / per_octave), width = octave / per_octave;
        const double from = octave + i % per_octave * width;
        double c[4] = {mapped(end, &m)};
        if (from < end)
            fr_fit_cubic(c, from, fmin(from + width, end), mapped, &m);
        for (int k = 0; k < 4; k++)
            lanes->parts[k][index_of(lanes, (float)from)] = (float)c[k];
    }
    lanes->good = is_good(lanes, gain, arg);
}
