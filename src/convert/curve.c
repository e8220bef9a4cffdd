/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/curve.h"

#include <assert.h>
#include <math.h>

static double segment_start(uint32_t first, uint32_t index)
{
    const uint32_t bits = (first + index) << FR_CURVE_SHIFT;
    float x;
    memcpy(&x, &bits, sizeof(x));
    return (double)x;
}

void fr_curve_build(fr_curve *curve, int low_exponent, int high_exponent, fr_curve_fn *function,
                    const void *arg)
{
    assert(low_exponent < high_exponent && high_exponent - low_exponent <= FR_CURVE_OCTAVES_MAX);
    const uint32_t count = (uint32_t)(high_exponent - low_exponent) * FR_CURVE_PER_OCTAVE;
    curve->first = (uint32_t)(127 + low_exponent) * FR_CURVE_PER_OCTAVE;

    double x0 = 0, y0 = function(0, arg);
    for (uint32_t i = 0; i < count; i++) {
        const double x1 = segment_start(curve->first, i + 1), y1 = function(x1, arg);
        const double slope = (y1 - y0) / (x1 - x0);
        /* Half the sag of the chord at its middle, so that the error is as large above as below. Not in the
         * first segment: black must stay black. */
        const double sag = function((x0 + x1) / 2, arg) - (y0 + y1) / 2;
        curve->segments[i].offset = (float)(y0 - slope * x0 + (i ? sag / 2 : 0));
        curve->segments[i].slope = (float)slope;
        x0 = x1;
        y0 = y1;
    }
    curve->segments[count] = (fr_curve_segment){.offset = (float)y0};
}

static const double pq_m1 = 0.1593017578125, pq_m2 = 78.84375;
static const double pq_c1 = 0.8359375, pq_c2 = 18.8515625, pq_c3 = 18.6875;

double fr_pq_encode(double light)
{
    const double p = pow(light, pq_m1);
    return pow((pq_c1 + pq_c2 * p) / (1 + pq_c3 * p), pq_m2);
}

double fr_pq_decode(double signal)
{
    const double p = pow(signal, 1 / pq_m2);
    return pow(fmax(p - pq_c1, 0) / (pq_c2 - pq_c3 * p), 1 / pq_m1);
}

double fr_srgb_encode(double light)
{
    return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
}

fr_tone_map fr_tone_map_init(double source_peak, double target_peak)
{
    const double source = fr_pq_encode(source_peak / 10000);
    const double target = fr_pq_encode(target_peak / 10000) / source;
    return (fr_tone_map){
        .source_peak = source_peak,
        .target_peak = target_peak,
        .source = source,
        .target = target,
        .knee = fmax(1.5 * target - 0.5, 0),
    };
}

double fr_tone_map_at(const fr_tone_map *map, double nits)
{
    if (map->target_peak >= map->source_peak || nits >= map->source_peak)
        return fmin(nits, map->target_peak);
    const double e = fr_pq_encode(nits / 10000) / map->source, knee = map->knee;
    if (e <= knee)
        return nits;
    const double t = (e - knee) / (1 - knee), t2 = t * t, t3 = t2 * t;
    const double mapped =
        (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * map->target;
    return 10000 * fr_pq_decode(mapped * map->source);
}
