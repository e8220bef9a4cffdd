/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every conversion against the CPU's C kernels, and against the reference in double precision. */
#include "check.h"

#include "../convert/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A little more than every half. */
enum { WIDTH = 509, HEIGHT = 129, NUM_PIXELS = WIDTH * HEIGHT };

/* Before rounding, of floats: as the CPU's kernels. */
#define FLOAT_ERROR 0.006

typedef void fill_fn(void *pixels, uint64_t *random);

static struct fr_vk_device *device;

static void check_pair(const pair *p, const char *input, const void *pixels)
{
    const size_t num_luma = NUM_PIXELS, num_chroma = 2 * ((WIDTH + 1) / 2) * ((HEIGHT + 1) / 2);
    struct check check = {.device = device, .params = p->params};
    check.params.width = WIDTH;
    check.params.height = HEIGHT;
    double *const luma = calloc(num_luma, sizeof(double)), *const chroma = calloc(num_chroma, sizeof(double));
    reference_convert(&check.params, pixels, (ptrdiff_t)(WIDTH * fr_format_pixel_bytes(p->params.from)), luma,
                      chroma);
    for (int buffers = 0; buffers < 2; buffers++) {
        check.buffers = buffers;
        check.variant = buffers ? (struct fr_vk_variant){0} : check_as_on_gpus;
        check_against_cpu(&check, pixels, p->integer ? 0 : 1, p->integer ? 1 : 0.99);
        codes c = check_convert(&check, pixels);
        statistics s = {0};
        check_codes(&c, luma, chroma, p->integer ? p->error : FLOAT_ERROR, &s);
        print_message("%-22s %-8s %-14s equal %.4f%%, at most %.4f codes off\n", p->kernel,
                      buffers ? "buffer" : "image", input, 100.0 * (double)s.num_equal / (double)s.num,
                      s.largest);
        codes_free(&c);
    }
    free(luma);
    free(chroma);
}

static void check_all(const char *input, bool integer, fill_fn *fill)
{
    void *const pixels = calloc(NUM_PIXELS, 8);
    uint64_t random = 5;
    fill(pixels, &random);
    for (size_t i = 0; i < num_pairs; i++)
        if (pairs[i].integer == integer)
            check_pair(&pairs[i], input, pixels);
    free(pixels);
}

static void fill_random_words(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < NUM_PIXELS; i++)
        ((uint32_t *)pixels)[i] = random_next(random);
}

static void fill_extremes(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < NUM_PIXELS; i++)
        for (uint32_t bit = 0; bit < 8; bit++)
            ((uint32_t *)pixels)[i] |= random_next(random) >> 31 ? 0xfu << 4 * bit : 0;
}

static void fill_ramp(void *pixels, uint64_t *random)
{
    (void)random;
    for (uint32_t i = 0; i < NUM_PIXELS; i++)
        ((uint32_t *)pixels)[i] = i % WIDTH * 0x00010101u + i / WIDTH * 0x01000100u;
}

static void fill_any_half(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = (uint16_t)(random_next(random) >> 16);
}

static void fill_every_grey(void *pixels, uint64_t *random)
{
    (void)random;
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = (uint16_t)(i / 4);
}

static void fill_every_primary(void *pixels, uint64_t *random)
{
    (void)random;
    for (size_t i = 0; i < NUM_PIXELS; i++)
        ((uint16_t *)pixels)[4 * i + i % 3] = (uint16_t)i;
}

static void fill_light(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = reference_half_from(12.5 * pow(random_next(random) / 0x1p32, 4));
}

static void fill_wide_gamut(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = reference_half_from(10 * pow(random_next(random) / 0x1p32, 3) - 1);
}

static void fill_near_black(void *pixels, uint64_t *random)
{
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = (uint16_t)(random_next(random) % 0x1800);
}

static void fill_specials(void *pixels, uint64_t *random)
{
    static const uint16_t specials[] = {0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x3c00, 0xbc00,
                                        0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7c01, 0xfc01, 0x7e00, 0xffff};
    for (size_t i = 0; i < 4 * NUM_PIXELS; i++)
        ((uint16_t *)pixels)[i] = specials[random_next(random) >> 28];
}

/* Two components given, the third makes one line of the matrix to BT.2020 nearly 0. */
static void fill_cancelling(void *pixels, uint64_t *random)
{
    static const double m[3][3] = {{0.627403914, 0.329283038, 0.043313048},
                                   {0.069097292, 0.919540405, 0.011362303},
                                   {0.016391439, 0.088013308, 0.895595253}};
    for (size_t i = 0; i < NUM_PIXELS; i++) {
        uint16_t *const at = (uint16_t *)pixels + 4 * i;
        const uint32_t line = random_next(random) % 3, k = random_next(random) % 3;
        double rest = 0;
        for (uint32_t j = 0; j < 3; j++) {
            at[j] = reference_half_from(pow(2, random_next(random) / 0x1p28 - 4));
            rest += j == k ? 0 : m[line][j] * reference_half(at[j]);
        }
        at[k] = reference_half_from(-rest / m[line][k]);
    }
}

static void bytes_and_words_are_the_same_integers(void **state)
{
    (void)state;
    check_all("random", true, fill_random_words);
    check_all("extremes", true, fill_extremes);
    check_all("ramp", true, fill_ramp);
}

static void halves_are_exact(void **state)
{
    (void)state;
    check_all("any half", false, fill_any_half);
    check_all("every grey", false, fill_every_grey);
    check_all("every primary", false, fill_every_primary);
    check_all("light", false, fill_light);
    check_all("wide gamut", false, fill_wide_gamut);
    check_all("near black", false, fill_near_black);
    check_all("specials", false, fill_specials);
}

static void light_that_cancels_is_exact(void **state)
{
    (void)state;
    check_all("cancelling", false, fill_cancelling);
}

static void every_tone_map_is_exact(void **state)
{
    (void)state;
    static const uint32_t nits[][2] = {{4000, 100}, {10000, 80}, {600, 480},
                                       {100, 203},  {301, 300},  {10000, 203}};
    void *const pixels = calloc(NUM_PIXELS, 8);
    uint64_t random = 3;
    fill_light(pixels, &random);
    for (size_t i = 0; i < sizeof(nits) / sizeof(nits[0]); i++) {
        pair p = pairs[4];
        p.params.peak_millinits = 1000 * nits[i][0];
        p.params.sdr_white_millinits = 1000 * nits[i][1];
        char input[40];
        snprintf(input, sizeof(input), "%u to %u", (unsigned)nits[i][0], (unsigned)nits[i][1]);
        check_pair(&p, input, pixels);
    }
    free(pixels);
}

static int open_device(void **state)
{
    (void)state;
    device = rig_device();
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    fr_vk_device_unref(device);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_words_are_the_same_integers),
        cmocka_unit_test(halves_are_exact),
        cmocka_unit_test(light_that_cancels_is_exact),
        cmocka_unit_test(every_tone_map_is_exact),
    };
    return cmocka_run_group_tests_name("vulkan: accuracy", tests, open_device, close_device);
}
