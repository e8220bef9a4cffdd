/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The tables of the kernels with lanes of 16 bits, over floats between those that pictures of halves lead to.
 */

#include "picture.h"
#include "reference.h"

#include "convert/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct errors {
    double largest, sum, num; /* of a code */
} errors;

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/* As lanes.h has it. */
static int by_parts(const fr_lanes *lanes, uint32_t bits)
{
    const uint32_t upper = bits >> 16,
                   i = (upper > FR_LANES_BRIGHTEST ? FR_LANES_BRIGHTEST : upper) >> 6 & 63;
    const uint32_t g = FR_LANES_FRACTION - (bits >> 8 & FR_LANES_FRACTION),
                   bend = g * (FR_LANES_BEND + g) >> 16;
    const uint32_t slope = lanes->parts[1][i] + (bend * lanes->parts[2][i] >> 16);
    assert_true(slope < 1u << 16);
    const uint32_t signal = lanes->parts[0][i] - (g * slope >> 16);
    assert_true(signal < 1u << 16);
    return (int)signal;
}

static int by_steps(const fr_lanes *lanes, uint32_t bits)
{
    const fr_lanes_step *const step = &lanes->steps[(bits >> 16) - FR_LANES_DARKEST];
    return step->offset + (int)((bits & 0xffff) * step->slope >> 16) - FR_LANES_ZERO;
}

typedef int by_fn(const fr_lanes *lanes, uint32_t bits);

static void look(errors *e, by_fn *by, const fr_lanes *lanes, fr_curve_fn *curve, double white, double range,
                 float y)
{
    const double exact = curve(fmax((double)y - (double)FR_LANES_BLACK, 0), NULL);
    const double error = fabs(by(lanes, bits_of(y)) / white - exact) * range;
    e->largest = fmax(e->largest, error);
    e->sum += error;
    e->num++;
}

/* Floats of every octave and about every end of a segment. */
static errors look_at_all(by_fn *by, const fr_lanes *lanes, fr_curve_fn *curve, double white, double range)
{
    errors e = {0};
    uint64_t random = 12;
    const uint32_t first = bits_of(FR_LANES_BLACK), last = bits_of(1);
    for (uint32_t bits = first; bits <= last; bits += 1 + random_next(&random) % 8192) {
        float y;
        memcpy(&y, &bits, sizeof(y));
        look(&e, by, lanes, curve, white, range, y);
    }
    for (uint32_t end = first; end <= last; end += 1u << 16)
        for (int32_t off = end > first ? -1 : 0; off <= (end < last ? 1 : 0); off++) {
            const uint32_t bits = end + (uint32_t)off;
            float y;
            memcpy(&y, &bits, sizeof(y));
            look(&e, by, lanes, curve, white, range, y);
        }
    return e;
}

static double pq(double light, const void *arg)
{
    (void)arg;
    return reference_pq(10000 * light);
}

static double srgb(double light, const void *arg)
{
    (void)arg;
    return light <= 0.0031308 ? 12.92 * light : 1.055 * pow(fmin(light, 1), 1 / 2.4) - 0.055;
}

static double white_of(by_fn *by, const fr_lanes *lanes)
{
    return by(lanes, bits_of(1));
}

/* The errors are those that docs/colour.md states. */
static void check_curve(const fr_lanes *lanes, fr_curve_fn *curve, double range, double largest, double mean)
{
    static by_fn *const ways[] = {by_parts, by_steps};
    for (int i = 0; i < 2; i++) {
        const errors e = look_at_all(ways[i], lanes, curve, white_of(ways[i], lanes), range);
        print_message("%s: at most %.4f, %.4f on average of a code\n", i ? "steps" : "parts", e.largest,
                      e.sum / e.num);
        assert_true(e.largest <= largest);
        assert_true(e.sum <= mean * e.num);
        assert_in_range(ways[i](lanes, bits_of(FR_LANES_BLACK)), 0, i ? 0 : 3);
    }
    assert_int_equal(by_parts(lanes, bits_of(0x1p-31f)), 0);
    assert_int_equal(by_parts(lanes, bits_of(1.999f)), by_parts(lanes, bits_of(1)));
    assert_int_equal(by_parts(lanes, bits_of(1000)), by_parts(lanes, bits_of(1)));
}

static fr_convert_tables *tables;

static int set_up(void **state)
{
    (void)state;
    tables = calloc(1, sizeof(*tables));
    return tables ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(tables);
    return 0;
}

static void pq_is_within_its_bound_for_every_float(void **state)
{
    (void)state;
    fr_curve_build(&tables->transfer, -44, 0, pq, NULL);
    fr_lanes_build_p010(&tables->lanes, pq, &tables->transfer);
    check_curve(&tables->lanes, pq, 876, 0.042, 0.006);
}

static void srgb_is_within_its_bound_for_every_float(void **state)
{
    (void)state;
    fr_curve_build(&tables->transfer, -9, 0, srgb, NULL);
    fr_lanes_build_nv12(&tables->lanes, srgb, &tables->transfer);
    check_curve(&tables->lanes, srgb, 219, 0.014, 0.002);
}

typedef struct nits {
    double peak, white;
} nits;

static double gain(double scrgb, const void *arg)
{
    const nits *const n = arg;
    return 80 / n->white * reference_tone(80 * scrgb, n->peak, n->white) / (80 * scrgb);
}

static double knee_of(const nits *n)
{
    const fr_tone_map map = fr_tone_map_init(n->peak, n->white);
    return 10000 * fr_pq_decode(fmin(map.knee, 1) * map.source) / 80;
}

static double tone_by_lanes(const fr_tone_lanes *t, float x)
{
    const float at = x < t->lowest ? t->lowest : x,
                u = (at > t->highest ? t->highest : at) * t->inverse_lowest;
    const uint32_t i = (bits_of(u) >> t->shift) % FR_TONE_SEGMENTS;
    const float mapped = ((t->parts[3][i] * u + t->parts[2][i]) * u + t->parts[1][i]) * u + t->parts[0][i];
    return (double)mapped / (double)at;
}

static void tone_maps_are_within_their_bound(void **state)
{
    (void)state;
    static const nits maps[] = {{1000, 203}, {4000, 100}, {10000, 80}, {600, 480}, {100, 203},
                                {1499, 150}, {400, 80},   {200, 100},  {80, 80}};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        const double peak = fmax(maps[i].peak, maps[i].white) / 80;
        fr_tone_lanes_build(&tables->tone, knee_of(&maps[i]), peak, gain, &maps[i]);
        assert_true(tables->tone.good);
        for (float x = 0x1p-24f; x <= 65504; x *= 1.003f) {
            const double exact = gain((double)x, &maps[i]);
            const double found = tone_by_lanes(&tables->tone, x);
            if (!(fabs(found - exact) <= 6e-5 * exact))
                fail_msg("%g to %g cd/m2: %g is multiplied by %g, exactly %g", maps[i].peak, maps[i].white,
                         (double)x, found, exact);
        }
    }
}

/* One bends all the way down to black, in more octaves than there are segments for; one bends too sharply. */
static void tone_maps_that_do_not_fit_are_known(void **state)
{
    (void)state;
    static const nits maps[] = {{10000, 5}, {203.5, 203}};
    for (int i = 0; i < 2; i++) {
        fr_tone_lanes_build(&tables->tone, knee_of(&maps[i]), maps[i].peak / 80, gain, &maps[i]);
        assert_false(tables->tone.good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pq_is_within_its_bound_for_every_float),
        cmocka_unit_test(srgb_is_within_its_bound_for_every_float),
        cmocka_unit_test(tone_maps_are_within_their_bound),
        cmocka_unit_test(tone_maps_that_do_not_fit_are_known),
    };
    return cmocka_run_group_tests_name("convert: lanes", tests, set_up, tear_down);
}
