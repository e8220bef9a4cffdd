/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cmocka_all.h"

#include "common/colour.h"
#include "file/light.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void near(double value, double expected, double relative)
{
    if (fabs(value - expected) > relative * fabs(expected) + 1e-6)
        fail_msg("%g is not %g", value, expected);
}

static void halves_round_to_nearest_even(void **state)
{
    (void)state;
    static const struct {
        float value;
        uint16_t half;
    } known[] = {
        {0.0F, 0x0000},       {-0.0F, 0x8000},        {1.0F, 0x3c00},        {-2.0F, 0xc000},
        {12.5F, 0x4a40},      {65504.0F, 0x7bff},     {65519.9F, 0x7bff},    {65520.0F, 0x7c00},
        {1e9F, 0x7c00},       {-1e9F, 0xfc00},        {0x1p-24F, 0x0001},    {0x1p-25F, 0x0000},
        {0x1.8p-24F, 0x0002}, {0x1.ff8p-15F, 0x03ff}, {0x1p-14F, 0x0400},    {1.00048828125F, 0x3c00},
        {0x1.006p0F, 0x3c02}, {INFINITY, 0x7c00},     {-0x1.8p-20F, 0x8018},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_int_equal(fr_half_from_float(known[i].value), known[i].half);
    assert_true((fr_half_from_float(NAN) & 0x7fff) > 0x7c00);
}

static void halves_come_back(void **state)
{
    (void)state;
    float values[65536];
    uint16_t halves[65536];
    for (uint32_t i = 0; i < 65536; i++)
        values[i] = fr_float_from_half((uint16_t)i);
    fr_halves_from_floats(halves, values, 65536);
    for (uint32_t i = 0; i < 65536; i++) {
        const int is_nan = (i & 0x7fff) > 0x7c00;
        if (!is_nan) {
            assert_int_equal(halves[i], i);
            assert_int_equal(fr_half_from_float(values[i]), i);
        }
    }
    /* Any length, and the many at once round as the single one does. */
    for (uint32_t i = 0; i < 1003; i++)
        values[i] = (float)i * 0.0371F - 7.0F;
    fr_halves_from_floats(halves, values, 1003);
    for (uint32_t i = 0; i < 1003; i++)
        assert_int_equal(halves[i], fr_half_from_float(values[i]));
}

/* The anchors of BT.2100 and ST 2084. */
static void pq_has_its_anchors(void **state)
{
    (void)state;
    near(fr_pq_to_linear(0.0F), 0.0, 0.0);
    near(fr_pq_to_linear(1.0F), 1.0, 1e-4);
    near(fr_pq_to_linear(0.5F) * 10000.0, 92.245709, 1e-4);
    near(fr_pq_to_linear(0.58068888F) * 10000.0, 203.0, 1e-4);
    near(fr_pq_to_linear(0.75182709F) * 10000.0, 1000.0, 1e-4);
    near(fr_pq_from_linear(0.0203F), 0.58068888, 1e-4);
    near(fr_pq_from_linear(0.1F), 0.75182709, 1e-4);
}

static void primaries_go_there_and_back(void **state)
{
    (void)state;
    const fr_rgb in = {-0.4F, 3.0F, 0.1F};
    const fr_rgb back = fr_bt709_from_bt2020(fr_bt2020_from_bt709(in));
    near(back.r, in.r, 1e-4);
    near(back.g, in.g, 1e-4);
    near(back.b, in.b, 1e-4);
    const fr_rgb red = fr_bt709_from_bt2020((fr_rgb){1, 0, 0});
    near(red.r, 1.660491, 1e-5);
    near(red.g, -0.124550, 1e-4);
}

static void pixels_lie_as_their_formats_say(void **state)
{
    (void)state;
    const fr_rgb red = {1, 0, 0}, white = {1, 1, 1}, bright = {125, 125, 125};
    assert_int_equal(fr_pixel_pack(FR_FORMAT_BGRA8, red), 0xffff0000u);
    assert_int_equal(fr_pixel_pack(FR_FORMAT_RGBA8, red), 0xff0000ffu);
    assert_int_equal(fr_pixel_pack(FR_FORMAT_RGBA16F, red), UINT64_C(0x3c00000000003c00));
    assert_int_equal(fr_pixel_pack(FR_FORMAT_RGB10A2, bright), 0xffffffffu);
    /* 80 cd/m2: PQ 0.4858. */
    assert_int_equal(fr_pixel_pack(FR_FORMAT_RGB10A2, white) & 1023, 497);
    assert_int_equal(fr_pixel_mix(FR_FORMAT_BGRA8, 0xff000000u, 0xff6496c8u, 255), 0xff6496c8u);
    assert_int_equal(fr_pixel_mix(FR_FORMAT_BGRA8, 0xff000000u, 0xff6496c8u, 0), 0xff000000u);
    assert_int_equal(fr_pixel_mix(FR_FORMAT_RGB10A2, 0xc0000000u, 0xc00003ffu, 255), 0xc00003ffu);
}

static double exact_pq(double signal)
{
    const double root = pow(signal, 1.0 / 78.84375);
    return pow(fmax(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root), 1.0 / 0.1593017578125);
}

static double exact_hlg(double signal)
{
    if (signal <= 0.5)
        return signal * signal / 3.0;
    return (exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12.0;
}

/* What BT.2100 says of a pixel in limited range, in double precision. */
static void exact_pixel(fr_light_curve curve, const double code[3], double out[3])
{
    const double y = (code[0] - 64.0) / 876.0, cb = (code[1] - 512.0) / 896.0, cr = (code[2] - 512.0) / 896.0;
    double rgb[3] = {y + 1.4746 * cr, y - 0.0593 * 1.8814 / 0.678 * cb - 0.2627 * 1.4746 / 0.678 * cr,
                     y + 1.8814 * cb};
    for (int i = 0; i < 3; i++) {
        rgb[i] = fmax(rgb[i], 0.0);
        rgb[i] = curve == FR_LIGHT_PQ ? exact_pq(fmin(rgb[i], 1.0)) * 125.0 : exact_hlg(fmin(rgb[i], 1.125));
    }
    if (curve == FR_LIGHT_HLG) {
        const double gain = 12.5 * pow(0.2627 * rgb[0] + 0.678 * rgb[1] + 0.0593 * rgb[2], 0.2);
        for (int i = 0; i < 3; i++)
            rgb[i] *= gain;
    }
    static const double to_bt709[3][3] = {{1.660491002, -0.587641139, -0.072849863},
                                          {-0.124550475, 1.132899897, -0.008349423},
                                          {-0.018150763, -0.100578898, 1.118729661}};
    for (int i = 0; i < 3; i++)
        out[i] = to_bt709[i][0] * rgb[0] + to_bt709[i][1] * rgb[1] + to_bt709[i][2] * rgb[2];
}

static void check_light(fr_light_curve curve)
{
    enum { WIDTH = 700 };
    const fr_light_params params = {.curve = curve, .kr = 0.2627F, .kb = 0.0593F};
    fr_light *light = fr_light_create(&params);
    uint16_t planes[3][WIDTH], halves[WIDTH * 4];
    uint32_t seed = 3;
    for (uint32_t i = 0; i < WIDTH; i++) {
        for (int k = 0; k < 3; k++) {
            seed = seed * 1664525u + 1013904223u;
            planes[k][i] = (uint16_t)((k ? 400 + (seed >> 8) % 224 : 64 + (seed >> 8) % 877) * 64);
        }
    }
    const uint16_t *const rows[3] = {planes[0], planes[1], planes[2]};
    fr_light_row(light, rows, halves, WIDTH);
    for (uint32_t i = 0; i < WIDTH; i++) {
        const double code[3] = {planes[0][i] / 64.0, planes[1][i] / 64.0, planes[2][i] / 64.0};
        double expected[3];
        exact_pixel(curve, code, expected);
        const double size = fabs(expected[0]) + fabs(expected[1]) + fabs(expected[2]);
        for (uint32_t k = 0; k < 3; k++) {
            const double value = (double)fr_float_from_half(halves[4 * i + k]);
            if (fabs(value - expected[k]) > 0.002 * size + 1e-4)
                fail_msg("pixel %u.%u: %g is not %g", i, k, value, expected[k]);
        }
        assert_int_equal(halves[4 * i + 3], 0x3c00);
    }
    fr_light_destroy(&light);
}

static void pq_rows_are_exact(void **state)
{
    (void)state;
    check_light(FR_LIGHT_PQ);
}

static void hlg_rows_are_exact(void **state)
{
    (void)state;
    check_light(FR_LIGHT_HLG);
}

/* Neutral codes by hand: PQ 940 is 10000 cd/m2, HLG 940 is 1000; HLG 721 (75 %) is 203 (BT.2408). */
static void white_is_where_the_standards_put_it(void **state)
{
    (void)state;
    static const struct {
        fr_light_curve curve;
        uint16_t code;
        double nits, relative;
    } known[] = {{FR_LIGHT_PQ, 940, 10000.0, 1e-3}, {FR_LIGHT_PQ, 64, 0.0, 0.0},
                 {FR_LIGHT_PQ, 723, 1000.0, 5e-3},  {FR_LIGHT_PQ, 573, 203.0, 6e-3},
                 {FR_LIGHT_HLG, 940, 1000.0, 1e-3}, {FR_LIGHT_HLG, 721, 203.0, 6e-3},
                 {FR_LIGHT_HLG, 64, 0.0, 0.0}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const fr_light_params params = {.curve = known[i].curve, .kr = 0.2627F, .kb = 0.0593F};
        fr_light *light = fr_light_create(&params);
        const uint16_t y = (uint16_t)(known[i].code * 64), c = 512 * 64;
        const uint16_t *const rows[3] = {&y, &c, &c};
        uint16_t halves[4];
        fr_light_row(light, rows, halves, 1);
        for (int k = 0; k < 3; k++)
            near((double)fr_float_from_half(halves[k]) * 80.0, known[i].nits, known[i].relative);
        fr_light_destroy(&light);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_round_to_nearest_even),
        cmocka_unit_test(halves_come_back),
        cmocka_unit_test(pq_has_its_anchors),
        cmocka_unit_test(primaries_go_there_and_back),
        cmocka_unit_test(pixels_lie_as_their_formats_say),
        cmocka_unit_test(pq_rows_are_exact),
        cmocka_unit_test(hlg_rows_are_exact),
        cmocka_unit_test(white_is_where_the_standards_put_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
