/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * The converters against zimg, which shares nothing with this project. zimg's bilinear filter reaches over
 * four rows where ours takes two, so that every picture here is the same in all rows. One code is allowed, as
 * zimg rounds single precision.
 */

#include "picture.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zimg.h>

/* What is compared; the Vulkan tests build this file with their own. */
#ifndef CONVERT_PACKED
#define CONVERT_PACKED convert_packed
#endif
codes CONVERT_PACKED(const fr_convert_params *params, const void *src);

enum { WIDTH = 2048, HEIGHT = 8, NUM_PIXELS = WIDTH * HEIGHT };

typedef struct graph {
    zimg_image_format src, dst;
    zimg_graph_builder_params params;
} graph;

static graph make_graph(zimg_pixel_type_e src_type, zimg_pixel_type_e dst_type, unsigned depth)
{
    graph g;
    zimg_image_format_default(&g.src, ZIMG_API_VERSION);
    zimg_image_format_default(&g.dst, ZIMG_API_VERSION);
    zimg_graph_builder_params_default(&g.params, ZIMG_API_VERSION);
    g.src.width = g.dst.width = WIDTH;
    g.src.height = g.dst.height = HEIGHT;
    g.src.pixel_type = src_type;
    g.src.color_family = ZIMG_COLOR_RGB;
    g.src.matrix_coefficients = ZIMG_MATRIX_RGB;
    g.src.pixel_range = ZIMG_RANGE_FULL;
    g.src.color_primaries = ZIMG_PRIMARIES_BT709;
    g.dst.pixel_type = dst_type;
    g.dst.depth = depth;
    g.dst.color_family = ZIMG_COLOR_YUV;
    g.dst.subsample_w = g.dst.subsample_h = 1;
    g.dst.pixel_range = ZIMG_RANGE_LIMITED;
    g.dst.chroma_location = ZIMG_CHROMA_LEFT;
    g.params.resample_filter = g.params.resample_filter_uv = ZIMG_RESIZE_BILINEAR;
    g.params.dither_type = ZIMG_DITHER_NONE;
    g.params.allow_approximate_gamma = 0;
    return g;
}

static void *aligned(size_t size)
{
    return aligned_alloc(64, (size + 63) / 64 * 64);
}

/* Three planes of `bytes` to the sample; the result as numbers, Cb and Cr in turn. */
static codes run_zimg(const graph *g, const void *const planes[3], size_t src_bytes, size_t dst_bytes)
{
    zimg_filter_graph *const filter = zimg_filter_graph_build(&g->src, &g->dst, &g->params);
    assert_non_null(filter);
    size_t tmp_size;
    assert_int_equal(zimg_filter_graph_get_tmp_size(filter, &tmp_size), 0);
    void *const tmp = aligned(tmp_size + 64);
    uint8_t *out[3];
    zimg_image_buffer_const src = {.version = ZIMG_API_VERSION};
    zimg_image_buffer dst = {.version = ZIMG_API_VERSION};
    for (int i = 0; i < 3; i++) {
        out[i] = aligned(NUM_PIXELS * dst_bytes);
        src.plane[i].data = planes[i];
        src.plane[i].stride = (ptrdiff_t)(WIDTH * src_bytes);
        dst.plane[i].data = out[i];
        dst.plane[i].stride = (ptrdiff_t)((i ? WIDTH / 2u : WIDTH) * dst_bytes);
        src.plane[i].mask = dst.plane[i].mask = ZIMG_BUFFER_MAX;
    }
    assert_int_equal(zimg_filter_graph_process(filter, &src, &dst, tmp, NULL, NULL, NULL, NULL), 0);
    zimg_filter_graph_free(filter);

    codes c = {.num_luma = NUM_PIXELS, .num_chroma = NUM_PIXELS / 2};
    c.luma = calloc(c.num_luma, sizeof(uint16_t));
    c.chroma = calloc(c.num_chroma, sizeof(uint16_t));
    for (size_t i = 0; i < c.num_luma; i++)
        memcpy(&c.luma[i], out[0] + i * dst_bytes, dst_bytes);
    for (size_t i = 0; i < c.num_chroma; i++)
        memcpy(&c.chroma[i], out[1 + i % 2] + i / 2 * dst_bytes, dst_bytes);
    for (int i = 0; i < 3; i++)
        free(out[i]);
    free(tmp);
    return c;
}

/* At most one code from each other everywhere, equal in `share` of the samples. */
static void compare(const char *name, const codes *ours, const codes *theirs, double share)
{
    size_t num_equal = 0;
    for (size_t i = 0; i < ours->num_luma; i++) {
        assert_in_range(ours->luma[i] + 1, theirs->luma[i], theirs->luma[i] + 2);
        num_equal += ours->luma[i] == theirs->luma[i];
    }
    for (size_t i = 0; i < ours->num_chroma; i++) {
        assert_in_range(ours->chroma[i] + 1, theirs->chroma[i], theirs->chroma[i] + 2);
        num_equal += ours->chroma[i] == theirs->chroma[i];
    }
    const double equal = (double)num_equal / (double)(ours->num_luma + ours->num_chroma);
    print_message("%-12s equal to zimg %.2f%%\n", name, 100 * equal);
    assert_true(equal >= share);
}

static void check_scrgb(const char *name, double top, double bottom)
{
    graph g = make_graph(ZIMG_PIXEL_FLOAT, ZIMG_PIXEL_WORD, 10);
    g.src.depth = 32;
    g.src.transfer_characteristics = ZIMG_TRANSFER_LINEAR;
    g.dst.transfer_characteristics = ZIMG_TRANSFER_ST2084;
    g.dst.matrix_coefficients = ZIMG_MATRIX_BT2020_NCL;
    g.dst.color_primaries = ZIMG_PRIMARIES_BT2020;
    g.params.nominal_peak_luminance = 80;

    uint64_t random = 8;
    uint16_t halves[NUM_PIXELS][4] = {{0}};
    float *planes[3];
    for (int k = 0; k < 3; k++) {
        planes[k] = aligned(NUM_PIXELS * sizeof(float));
        for (size_t i = 0; i < NUM_PIXELS; i++) {
            const double value = bottom + top * pow(random_next(&random) / 0x1p32, 3);
            halves[i][k] = i < WIDTH ? reference_half_from(value) : halves[i % WIDTH][k];
            planes[k][i] = (float)reference_half(halves[i][k]);
        }
    }
    codes theirs = run_zimg(&g, (const void *const[]){planes[0], planes[1], planes[2]}, sizeof(float), 2);
    fr_convert_params params = {
        .from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010, .width = WIDTH, .height = HEIGHT};
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes ours = CONVERT_PACKED(&params, halves);
        compare(name, &ours, &theirs, 0.99);
        codes_free(&ours);
    }
    codes_free(&theirs);
    for (int k = 0; k < 3; k++)
        free(planes[k]);
}

static void scrgb_to_pq_agrees_with_zimg(void **state)
{
    (void)state;
    check_scrgb("bright", 100, 0);
    check_scrgb("desktop", 5, 0);
    check_scrgb("wide gamut", 5, -0.05);
}

static void bgra_to_nv12_agrees_with_zimg(void **state)
{
    (void)state;
    graph g = make_graph(ZIMG_PIXEL_BYTE, ZIMG_PIXEL_BYTE, 8);
    g.src.depth = 8;
    g.src.transfer_characteristics = g.dst.transfer_characteristics = ZIMG_TRANSFER_BT709;
    g.dst.matrix_coefficients = ZIMG_MATRIX_BT709;
    g.dst.color_primaries = ZIMG_PRIMARIES_BT709;

    uint64_t random = 9;
    uint8_t pixels[NUM_PIXELS][4] = {{0}}, *planes[3];
    for (int k = 0; k < 3; k++) {
        planes[k] = aligned(NUM_PIXELS);
        for (size_t i = 0; i < NUM_PIXELS; i++) {
            pixels[i][2 - k] = i < WIDTH ? (uint8_t)(random_next(&random) >> 24) : pixels[i % WIDTH][2 - k];
            planes[k][i] = pixels[i][2 - k];
        }
    }
    codes theirs = run_zimg(&g, (const void *const[]){planes[0], planes[1], planes[2]}, 1, 1);
    fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes ours = CONVERT_PACKED(&params, pixels);
        compare("bgra", &ours, &theirs, 0.99);
        codes_free(&ours);
    }
    codes_free(&theirs);
    for (int k = 0; k < 3; k++)
        free(planes[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scrgb_to_pq_agrees_with_zimg),
        cmocka_unit_test(bgra_to_nv12_agrees_with_zimg),
    };
    return cmocka_run_group_tests_name("convert: zimg", tests, NULL, NULL);
}
