/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "picture.h"
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The errors are those that docs/colour.md states. */
const pair pairs[] = {
    {{.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12}, "convert_bgra_nv12_", true, 0.005},
    {{.from = FR_FORMAT_RGBA8, .to = FR_FORMAT_NV12}, "convert_rgba_nv12_", true, 0.005},
    {{.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010}, "convert_rgb10a2_p010_", true, 0.003},
    {{.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010}, "convert_rgba16f_p010_", false, 0.03},
    {{.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12}, "convert_rgba16f_nv12_", false, 0.015},
    {{.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_CLIP},
     "convert_rgba16f_nv12_",
     false,
     0.015},
};
const size_t num_pairs = sizeof(pairs) / sizeof(pairs[0]);

const instruction_set instruction_sets[] = {
    {FR_CPU_SSE41, "sse41"},
    {FR_CPU_AVX2, "avx2"},
    {FR_CPU_AVX512, "avx512"},
    {FR_CPU_NEON, "neon"},
};
const size_t num_instruction_sets = sizeof(instruction_sets) / sizeof(instruction_sets[0]);

bool nth_mask(size_t n, uint32_t *mask)
{
    uint32_t sets[sizeof(instruction_sets) / sizeof(instruction_sets[0]) + 2] = {0};
    size_t num = 1;
    for (size_t i = 0; i < num_instruction_sets; i++)
        if (fr_cpu_flags() & instruction_sets[i].flag)
            sets[num++] = instruction_sets[i].flag;
    sets[num++] = ~0u;
    if (n >= num)
        return false;
    *mask = ~sets[n];
    return true;
}

uint32_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

codes convert_packed(const fr_convert_params *params, const void *src)
{
    const size_t w = params->width, h = params->height, bytes = params->to == FR_FORMAT_P010 ? 2 : 1;
    codes c = {.num_luma = w * h, .num_chroma = (w + 1) / 2 * 2 * ((h + 1) / 2)};
    c.luma = calloc(c.num_luma, sizeof(uint16_t));
    c.chroma = calloc(c.num_chroma, sizeof(uint16_t));
    void *const dst[2] = {c.luma, c.chroma};
    const ptrdiff_t pitch[2] = {(ptrdiff_t)(w * bytes), (ptrdiff_t)((w + 1) / 2 * 2 * bytes)};

    fr_converter *converter;
    assert_int_equal(fr_converter_create(&converter, params), FR_OK);
    fr_converter_run(converter, src, (ptrdiff_t)(w * fr_format_pixel_bytes(params->from)), dst, pitch);
    fr_converter_destroy(&converter);

    uint16_t *const planes[2] = {c.luma, c.chroma};
    const size_t counts[2] = {c.num_luma, c.num_chroma};
    for (int plane = 0; plane < 2; plane++)
        for (size_t i = counts[plane]; i-- > 0;) { /* backwards: a byte becomes a word where it lies */
            uint16_t *const word = planes[plane] + i;
            if (bytes == 1)
                *word = ((const uint8_t *)planes[plane])[i];
            else
                assert_int_equal(*word & 63, 0);
            *word = (uint16_t)(bytes == 1 ? *word : *word >> 6);
        }
    return c;
}

void codes_free(codes *c)
{
    free(c->luma);
    free(c->chroma);
    *c = (codes){0};
}

static void check_plane(const char *name, const uint16_t *plane, const double *exact, size_t count,
                        double error, statistics *stats)
{
    for (size_t i = 0; i < count; i++) {
        const double away = fabs(plane[i] - exact[i]);
        if (!(away <= 0.5 + error))
            fail_msg("%s %zu is %d, exactly %.5f", name, i, plane[i], exact[i]);
        stats->num++;
        stats->num_equal += plane[i] == floor(exact[i] + 0.5);
        stats->largest = fmax(stats->largest, away);
    }
}

void check_codes(const codes *c, const double *luma, const double *chroma, double error, statistics *stats)
{
    check_plane("luma", c->luma, luma, c->num_luma, error, stats);
    check_plane("chroma", c->chroma, chroma, c->num_chroma, error, stats);
}

/* Of two kernels: the smaller number of equal codes, and the larger distance. */
static statistics worse(statistics a, statistics b)
{
    if (!a.num)
        return b;
    return (statistics){
        .num = a.num,
        .num_equal = a.num_equal < b.num_equal ? a.num_equal : b.num_equal,
        .largest = fmax(a.largest, b.largest),
    };
}

statistics check_picture(const pair *p, uint32_t width, uint32_t height, const void *src)
{
    fr_convert_params params = p->params;
    params.width = width;
    params.height = height;
    const size_t num_luma = (size_t)width * height;
    double *const luma = calloc(num_luma, sizeof(double)), *const chroma =
                                                               calloc(2 * num_luma + 2, sizeof(double));
    reference_convert(&params, src, (ptrdiff_t)(width * fr_format_pixel_bytes(params.from)), luma, chroma);

    statistics worst = {0};
    codes first = {0};
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        codes c = convert_packed(&params, src);
        statistics stats = {0};
        check_codes(&c, luma, chroma, p->error, &stats);
        worst = worse(worst, stats);
        if (n == 0)
            first = c;
        if (p->integer) {
            assert_memory_equal(c.luma, first.luma, c.num_luma * sizeof(uint16_t));
            assert_memory_equal(c.chroma, first.chroma, c.num_chroma * sizeof(uint16_t));
        }
        if (n)
            codes_free(&c);
    }
    codes_free(&first);
    free(luma);
    free(chroma);
    return worst;
}
