/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every kernel against the reference in double precision, over many kinds of input. */

#include "picture.h"
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 509, HEIGHT = 129, NUM_PIXELS = WIDTH * HEIGHT };

typedef void fill_fn(uint16_t *halves, uint64_t *state);

static void report(const pair *p, const char *input, statistics s)
{
    print_message("%-22s %-22s equal %.4f%%, at most %.4f codes off\n", p->kernel, input,
                  100.0 * (double)s.num_equal / (double)s.num, s.largest);
}

static void check_equal_share(const pair *p, const char *input, statistics s)
{
    report(p, input, s);
    assert_true((double)s.num_equal >= 0.99 * (double)s.num);
}

static void check_integer(const char *input, void (*fill)(uint32_t *words, uint64_t *state))
{
    uint32_t *const words = calloc(NUM_PIXELS, sizeof(*words));
    uint64_t state = 1;
    fill(words, &state);
    for (size_t i = 0; i < num_pairs; i++)
        if (pairs[i].integer)
            check_equal_share(&pairs[i], input, check_picture(&pairs[i], WIDTH, HEIGHT, words));
    free(words);
}

static void check_half(const char *input, fill_fn *fill)
{
    uint16_t *const halves = calloc(NUM_PIXELS, 4 * sizeof(*halves));
    uint64_t state = 2;
    fill(halves, &state);
    for (size_t i = 0; i < num_pairs; i++)
        if (!pairs[i].integer)
            check_equal_share(&pairs[i], input, check_picture(&pairs[i], WIDTH, HEIGHT, halves));
    free(halves);
}

static void fill_random_words(uint32_t *words, uint64_t *state)
{
    for (size_t i = 0; i < NUM_PIXELS; i++)
        words[i] = random_next(state);
}

static void fill_extreme_words(uint32_t *words, uint64_t *state)
{
    for (size_t i = 0; i < NUM_PIXELS; i++) {
        const uint32_t pick = random_next(state);
        words[i] = 0;
        for (int bit = 0; bit < 8; bit++)
            words[i] |= pick >> bit & 1 ? 0xfu << 4 * bit : 0;
    }
}

static void fill_ramp_words(uint32_t *words, uint64_t *state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_PIXELS; i++)
        words[i] = i % WIDTH * 0x00010101u + i / WIDTH * 0x01000100u;
}

static void fill_random_bits(uint16_t *halves, uint64_t *state)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = (uint16_t)random_next(state);
}

static void fill_picture_light(uint16_t *halves, uint64_t *state)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = reference_half_from(12.5 * pow(random_next(state) / 0x1p32, 4));
}

static void fill_wide_gamut(uint16_t *halves, uint64_t *state)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = reference_half_from(10 * pow(random_next(state) / 0x1p32, 3) - 1);
}

static void fill_near_black(uint16_t *halves, uint64_t *state)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = (uint16_t)(random_next(state) % 0x1800);
}

static void fill_every_grey(uint16_t *halves, uint64_t *state)
{
    (void)state;
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = (uint16_t)(i / 4); /* NUM_PIXELS is a little above 65536 */
}

static void fill_specials(uint16_t *halves, uint64_t *state)
{
    static const uint16_t specials[] = {0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00,
                                        0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfc01, 0x7e00, 0xffff};
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = specials[random_next(state) % 16];
}

/* Red and blue that green nearly cancels in one line of the change of primaries. */
static void fill_cancelling(uint16_t *halves, uint64_t *state)
{
    static const double lines[3][3] = {
        {0.627403914, 0.329283038, 0.043313048},
        {0.069097292, 0.919540405, 0.011362303},
        {0.016391439, 0.088013308, 0.895595253},
    };
    for (size_t i = 0; i < NUM_PIXELS; i++) {
        uint16_t *const p = halves + 4 * i;
        const double *const m = lines[i % 3];
        p[0] = (uint16_t)(random_next(state) % 0x7000);
        p[2] = (uint16_t)(random_next(state) % 0x7000);
        p[1] = reference_half_from(-(m[0] * reference_half(p[0]) + m[2] * reference_half(p[2])) / m[1]);
        if (i % 2) { /* and what is left, cancelled once more */
            const double rest = m[0] * reference_half(p[0]) + m[1] * reference_half(p[1]);
            p[2] = reference_half_from(-rest / m[2]);
        }
        p[3] = 0;
    }
}

static void random_pixels_are_exact(void **state)
{
    (void)state;
    check_integer("random", fill_random_words);
}

static void extreme_pixels_are_exact(void **state)
{
    (void)state;
    check_integer("extreme", fill_extreme_words);
}

static void ramps_are_exact(void **state)
{
    (void)state;
    check_integer("ramp", fill_ramp_words);
}

static void any_bits_of_a_half_are_exact(void **state)
{
    (void)state;
    check_half("any bits", fill_random_bits);
}

static void light_as_in_pictures_is_exact(void **state)
{
    (void)state;
    check_half("0..1000 cd/m2", fill_picture_light);
}

static void wide_gamut_is_exact(void **state)
{
    (void)state;
    check_half("outside BT.709", fill_wide_gamut);
}

static void near_black_is_exact(void **state)
{
    (void)state;
    check_half("near black", fill_near_black);
}

static void every_half_as_grey_is_exact(void **state)
{
    (void)state;
    check_half("every half", fill_every_grey);
}

static void nan_and_infinity_are_as_documented(void **state)
{
    (void)state;
    check_half("NaN, Inf, limits", fill_specials);
}

static void light_that_cancels_is_exact(void **state)
{
    (void)state;
    check_half("cancelling", fill_cancelling);
}

static void every_8bit_grey_has_no_colour(void **state)
{
    (void)state;
    uint32_t words[256];
    for (uint32_t i = 0; i < 256; i++)
        words[i] = i * 0x010101u;
    fr_convert_params params = {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 1, .height = 256};
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes c = convert_packed(&params, words);
        for (size_t i = 0; i < c.num_luma; i++)
            assert_int_equal(c.luma[i], (int)floor(16.5 + 219 * (double)i / 255));
        for (size_t i = 0; i < c.num_chroma; i++)
            assert_int_equal(c.chroma[i], 128);
        codes_free(&c);
    }
}

static void every_tone_map_is_exact(void **state)
{
    (void)state;
    static const uint32_t nits[][2] = {{1000, 203}, {4000, 100}, {10000, 80}, {600, 480},
                                       {100, 203},  {1499, 150}, {10000, 5}};
    uint16_t *const halves = calloc(NUM_PIXELS, 4 * sizeof(*halves));
    uint64_t random = 3;
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        halves[i] = reference_half_from(130 * pow(random_next(&random) / 0x1p32, 6) - 0.1);
    for (size_t i = 0; i < sizeof(nits) / sizeof(nits[0]); i++) {
        pair p = pairs[4];
        p.params.peak_millinits = 1000 * nits[i][0];
        p.params.sdr_white_millinits = 1000 * nits[i][1];
        char input[40];
        snprintf(input, sizeof(input), "%u to %u cd/m2", (unsigned)nits[i][0], (unsigned)nits[i][1]);
        check_equal_share(&p, input, check_picture(&p, WIDTH, HEIGHT, halves));
    }
    free(halves);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_pixels_are_exact),
        cmocka_unit_test(extreme_pixels_are_exact),
        cmocka_unit_test(ramps_are_exact),
        cmocka_unit_test(any_bits_of_a_half_are_exact),
        cmocka_unit_test(light_as_in_pictures_is_exact),
        cmocka_unit_test(wide_gamut_is_exact),
        cmocka_unit_test(near_black_is_exact),
        cmocka_unit_test(every_half_as_grey_is_exact),
        cmocka_unit_test(nan_and_infinity_are_as_documented),
        cmocka_unit_test(light_that_cancels_is_exact),
        cmocka_unit_test(every_8bit_grey_has_no_colour),
        cmocka_unit_test(every_tone_map_is_exact),
    };
    return cmocka_run_group_tests_name("convert: accuracy", tests, NULL, NULL);
}
