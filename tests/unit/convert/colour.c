/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Codes that anyone can check by hand: the reference codes of docs/colour.md, colour bars, siting, tone
 * map. */

#include "picture.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ycc {
    double y, cb, cr;
} ycc;

/* A flat picture of one pixel, wide enough for every kernel's blocks. */
enum { FLAT_WIDTH = 35, FLAT_HEIGHT = 3 };

static void assert_flat(fr_convert_params params, const void *pixel, ycc expected)
{
    uint8_t src[FLAT_WIDTH * FLAT_HEIGHT * 8];
    const size_t bytes = fr_format_pixel_bytes(params.from);
    for (size_t i = 0; i < FLAT_WIDTH * FLAT_HEIGHT; i++)
        memcpy(src + i * bytes, pixel, bytes);
    params.width = FLAT_WIDTH;
    params.height = FLAT_HEIGHT;
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes c = convert_packed(&params, src);
        for (size_t i = 0; i < c.num_luma; i++)
            assert_int_equal(c.luma[i], (int)floor(expected.y + 0.5));
        for (size_t i = 0; i < c.num_chroma; i++)
            assert_int_equal(c.chroma[i], (int)floor((i % 2 ? expected.cr : expected.cb) + 0.5));
        codes_free(&c);
    }
}

static void assert_scrgb(fr_convert_params params, double r, double g, double b, ycc expected)
{
    const uint16_t pixel[4] = {reference_half_from(r), reference_half_from(g), reference_half_from(b),
                               0x3c00};
    assert_flat(params, pixel, expected);
}

static const fr_convert_params hdr = {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010};

static void scrgb_gives_the_documented_codes(void **state)
{
    (void)state;
    assert_scrgb(hdr, 1, 0, 0, (ycc){325.39, 448.10, 598.44});
    assert_scrgb(hdr, 0, 0.5, 0, (ycc){394.10, 439.12, 478.60});
    assert_scrgb(hdr, 0, 0, 4, (ycc){305.28, 674.67, 542.75});
    assert_scrgb(hdr, 1, 1, 1, (ycc){489.61, 512, 512});
    assert_scrgb(hdr, 0, 0, 0, (ycc){64, 512, 512});
    assert_scrgb(hdr, 0.5, 0.5, 0.5, (ycc){431.29, 512, 512});
    assert_scrgb(hdr, 4, 4, 4, (ycc){614.77, 512, 512});
    assert_scrgb(hdr, 2, 1, 0, (ycc){493.73, 419.82, 537.20});
    assert_scrgb(hdr, 125, 125, 125, (ycc){940, 512, 512});
}

static void pq_anchors_are_met(void **state)
{
    (void)state;
    static const double anchors[][2] = {{80, 490}, {100, 509}, {203, 573}, {1000, 723}, {10000, 940}};
    for (size_t i = 0; i < 5; i++) {
        const double value = anchors[i][0] / 80;
        assert_scrgb(hdr, value, value, value, (ycc){anchors[i][1], 512, 512});
    }
}

static void negative_scrgb_is_wide_gamut(void **state)
{
    (void)state;
    /* Nearly BT.2020's green: outside BT.709, so red and blue are negative. Clamped before the change of
     * primaries it would be BT.709's, 449.55 432.29 476.19. */
    assert_scrgb(hdr, -0.5, 1, -0.0625, (ycc){389.87, 423.14, 378.00});
}

static void infinity_is_10000_nits_of_its_component(void **state)
{
    (void)state;
    const uint16_t red[4] = {0x7c00, 0, 0, 0}, nan[4] = {0x7e00, 0x3c00, 0xffff, 0},
                   minus[4] = {0xfc00, 0x3c00, 0, 0};
    const uint16_t plain_red[4] = {0x57d0, 0, 0, 0}, plain_green[4] = {0, 0x3c00, 0, 0};
    const uint16_t *const odd[] = {red, nan, minus}, *const plain[] = {plain_red, plain_green, plain_green};
    for (int i = 0; i < 3; i++) {
        fr_convert_params params = hdr;
        params.width = params.height = 1;
        codes expected = convert_packed(&params, plain[i]);
        assert_flat(hdr, odd[i], (ycc){expected.luma[0], expected.chroma[0], expected.chroma[1]});
        codes_free(&expected);
    }
}

static void sdr_colour_bars_are_those_of_bt709(void **state)
{
    (void)state;
    /* ITU-R BT.709 limited range, 100 % bars, as every test generator has them. */
    static const struct {
        uint8_t r, g, b;
        ycc code;
    } bars[] = {
        {255, 255, 255, {235, 128, 128}}, {255, 255, 0, {219, 16, 138}}, {0, 255, 255, {188, 154, 16}},
        {0, 255, 0, {173, 42, 26}},       {255, 0, 255, {78, 214, 230}}, {255, 0, 0, {63, 102, 240}},
        {0, 0, 255, {32, 240, 118}},      {0, 0, 0, {16, 128, 128}},
    };
    for (size_t i = 0; i < 8; i++) {
        const uint8_t bgra[4] = {bars[i].b, bars[i].g, bars[i].r, 0x5a};
        const uint8_t rgba[4] = {bars[i].r, bars[i].g, bars[i].b, 0xff};
        assert_flat(pairs[0].params, bgra, bars[i].code);
        assert_flat(pairs[1].params, rgba, bars[i].code);
        /* scRGB of the same primaries is the same picture where wide colour is clipped. */
        assert_scrgb(pairs[5].params, bars[i].r / 255, bars[i].g / 255, bars[i].b / 255, bars[i].code);
    }
}

static void hdr10_bars_are_those_of_bt2020(void **state)
{
    (void)state;
    static const struct {
        uint32_t word;
        ycc code;
    } bars[] = {
        {0x3fffffff, {940, 512, 512}}, {0x000003ff, {294, 387, 960}}, {0x000ffc00, {658, 189, 100}},
        {0x3ff00000, {116, 960, 476}}, {0xc0000000, {64, 512, 512}},
    };
    for (size_t i = 0; i < 5; i++)
        assert_flat(pairs[2].params, &bars[i].word, bars[i].code);
}

static void chroma_is_sited_left(void **state)
{
    (void)state;
    /* One blue column in black. About the even column with 1 2 1 an even column gives half of its chroma to
     * its own sample, an odd one a quarter to either side. Centre siting would give (1/2, 0) in both cases.
     */
    enum { WIDTH = 70, HEIGHT = 2 };
    for (uint32_t column = 0; column < WIDTH; column++) {
        uint32_t src[HEIGHT][WIDTH] = {{0}};
        src[0][column] = src[1][column] = 0xff;
        fr_convert_params params = pairs[0].params;
        params.width = WIDTH;
        params.height = HEIGHT;
        for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
            codes c = convert_packed(&params, src);
            for (uint32_t i = 0; i < WIDTH / 2; i++) {
                const double near = column == 2 * i ? 2 : 0;
                const double side = column + 1 == 2 * i || column == 2 * i + 1 ? 1 : 0;
                const double edge = column == 0 && i == 0 ? 1 : 0;
                assert_int_equal(c.chroma[2 * i], (int)floor(128.5 + 112 * (near + side + edge) / 4));
            }
            codes_free(&c);
        }
    }
}

static void chroma_is_the_mean_of_two_rows(void **state)
{
    (void)state;
    enum { WIDTH = 33, HEIGHT = 5 };
    for (uint32_t row = 0; row < HEIGHT; row++) {
        uint32_t src[HEIGHT][WIDTH] = {{0}};
        for (uint32_t x = 0; x < WIDTH; x++)
            src[row][x] = 0xff0000;
        fr_convert_params params = pairs[0].params;
        params.width = WIDTH;
        params.height = HEIGHT;
        codes c = convert_packed(&params, src);
        for (uint32_t i = 0; i < c.num_chroma / 2; i++) {
            const uint32_t chroma_row = i / ((WIDTH + 1) / 2);
            const int full = chroma_row == row / 2 ? (row == 4 ? 240 : 184) : 128;
            assert_int_equal(c.chroma[2 * i + 1], full);
        }
        codes_free(&c);
    }
}

static fr_convert_params tone(uint32_t peak, uint32_t white)
{
    fr_convert_params params = pairs[4].params;
    params.peak_millinits = 1000 * peak;
    params.sdr_white_millinits = 1000 * white;
    return params;
}

static void the_tone_map_meets_its_ends(void **state)
{
    (void)state;
    const ycc white = {235, 128, 128}, black = {16, 128, 128};
    const double peak = 1000 / 80.0, sdr = 203 / 80.0;
    assert_scrgb(tone(0, 0), peak, peak, peak, white); /* the defaults are 1000 and 203 */
    assert_scrgb(tone(1000, 203), peak, peak, peak, white);
    assert_scrgb(tone(1000, 203), 125, 125, 125, white);
    assert_scrgb(tone(1000, 203), 0, 0, 0, black);
    assert_scrgb(tone(1000, 203), -1, -1, -1, black);
    /* A display no brighter than SDR white: nothing to map. */
    assert_scrgb(tone(203, 203), sdr, sdr, sdr, white);
    assert_scrgb(tone(203, 203), sdr / 2, sdr / 2, sdr / 2, (ycc){16 + 219 * 0.73536, 128, 128});
    /* Below the knee (88 cd/m2 here) light is kept: 40.6 cd/m2 is a fifth of white. */
    assert_scrgb(tone(1000, 203), sdr / 5, sdr / 5, sdr / 5, (ycc){16 + 219 * 0.48453, 128, 128});
}

static void the_tone_map_rises(void **state)
{
    (void)state;
    enum { WIDTH = 1024 };
    uint16_t halves[WIDTH][4];
    for (uint32_t i = 0; i < WIDTH; i++)
        for (int k = 0; k < 4; k++)
            halves[i][k] = (uint16_t)(i * 24);
    fr_convert_params params = tone(1000, 203);
    params.width = WIDTH;
    params.height = 1;
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes c = convert_packed(&params, halves);
        for (uint32_t i = 1; i < WIDTH; i++)
            assert_true(c.luma[i] >= c.luma[i - 1]);
        assert_int_equal(c.luma[WIDTH - 1], 235);
        codes_free(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scrgb_gives_the_documented_codes),
        cmocka_unit_test(pq_anchors_are_met),
        cmocka_unit_test(negative_scrgb_is_wide_gamut),
        cmocka_unit_test(infinity_is_10000_nits_of_its_component),
        cmocka_unit_test(sdr_colour_bars_are_those_of_bt709),
        cmocka_unit_test(hdr10_bars_are_those_of_bt2020),
        cmocka_unit_test(chroma_is_sited_left),
        cmocka_unit_test(chroma_is_the_mean_of_two_rows),
        cmocka_unit_test(the_tone_map_meets_its_ends),
        cmocka_unit_test(the_tone_map_rises),
    };
    return cmocka_run_group_tests_name("convert: colour", tests, NULL, NULL);
}
