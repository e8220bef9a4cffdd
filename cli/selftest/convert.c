/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The converters of this processor against the reference in C. */
#include "selftest/areas.h"

#include <framering/convert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 333, HEIGHT = 67, CHROMA_WIDTH = (WIDTH + 1) / 2, CHROMA_HEIGHT = (HEIGHT + 1) / 2 };

struct pictures {
    uint8_t source[HEIGHT][WIDTH * 8];
    uint8_t luma[2][HEIGHT][WIDTH * 2], chroma[2][CHROMA_HEIGHT][CHROMA_WIDTH * 4];
};

/* All bit patterns are to be met, also those that are no sensible colour. */
static void fill(struct pictures *p)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    uint8_t *at = &p->source[0][0];
    for (size_t i = 0; i < sizeof p->source; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        at[i] = (uint8_t)(state >> 32);
    }
}

static fr_status run(struct pictures *p, const fr_convert_params *params, int which, char *kernel,
                     size_t bytes)
{
    fr_converter *converter;
    const fr_status status = fr_converter_create(&converter, params);
    if (status < 0)
        return status;
    void *const planes[2] = {p->luma[which], p->chroma[which]};
    const ptrdiff_t pitches[2] = {sizeof p->luma[0][0], sizeof p->chroma[0][0]};
    fr_converter_run(converter, p->source, (ptrdiff_t)sizeof p->source[0], planes, pitches);
    snprintf(kernel, bytes, "%s", fr_converter_kernel(converter));
    fr_converter_destroy(&converter);
    return FR_OK;
}

/* The largest difference of two planes, in codes. */
static unsigned distance(const void *a, const void *b, size_t bytes, fr_format format)
{
    const uint8_t *at = a, *other = b;
    const size_t step = format == FR_FORMAT_NV12 ? 1 : 2;
    unsigned most = 0;
    for (size_t i = 0; i < bytes; i += step) {
        const unsigned one = step == 1 ? at[i] : (unsigned)(at[i] | at[i + 1] << 8) >> 6;
        const unsigned two = step == 1 ? other[i] : (unsigned)(other[i] | other[i + 1] << 8) >> 6;
        const unsigned off = one > two ? one - two : two - one;
        most = off > most ? off : most;
    }
    return most;
}

static void compare(struct selftest *test)
{
    fr_convert_params params = *(const fr_convert_params *)test->with;
    struct pictures *p = calloc(1, sizeof *p);
    char kernel[64] = "", reference[64] = "";
    params.width = WIDTH;
    params.height = HEIGHT;
    fr_status status = p ? FR_OK : FR_ERR_NO_MEMORY;
    if (p) {
        fill(p);
        status = run(p, &params, 0, kernel, sizeof kernel);
        params.cpu_mask = ~0u;
        if (status == FR_OK)
            status = run(p, &params, 1, reference, sizeof reference);
    }
    if (status < 0) {
        selftest_fail(test, "%s", fr_status_text(status));
        free(p);
        return;
    }
    const unsigned luma = distance(p->luma[0], p->luma[1], sizeof p->luma[0], params.to);
    const unsigned chroma = distance(p->chroma[0], p->chroma[1], sizeof p->chroma[0], params.to);
    if (luma > 1 || chroma > 1)
        selftest_fail(test, "%s is off by %u codes of luma and %u of chroma from %s", kernel, luma, chroma,
                      reference);
    else if (strcmp(kernel, reference) == 0)
        selftest_not_available(test, "this processor has nothing but %s, which is the reference", reference);
    else if (luma || chroma)
        selftest_pass(test, "%s is off by one code at most from %s", kernel, reference);
    else
        selftest_pass(test, "%s gives the very codes of %s", kernel, reference);
    free(p);
}

static const fr_convert_params bgra_nv12 = {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12};
static const fr_convert_params rgba_nv12 = {.from = FR_FORMAT_RGBA8, .to = FR_FORMAT_NV12};
static const fr_convert_params rgba16f_p010 = {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010};
static const fr_convert_params rgb10a2_p010 = {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010};
static const fr_convert_params tone = {
    .from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_TONE};
static const fr_convert_params clip = {
    .from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_CLIP};

static const struct selftest_row rows[] = {
    {"convert", "bgra-nv12", "the processor's converter against the reference", 10000, false, compare,
     &bgra_nv12},
    {"convert", "rgba-nv12", "likewise", 10000, false, compare, &rgba_nv12},
    {"convert", "rgba16f-p010", "likewise, scRGB to PQ", 10000, false, compare, &rgba16f_p010},
    {"convert", "rgb10a2-p010", "likewise, PQ to PQ", 10000, false, compare, &rgb10a2_p010},
    {"convert", "rgba16f-nv12-tone", "likewise, HDR for an SDR viewer", 10000, false, compare, &tone},
    {"convert", "rgba16f-nv12-clip", "likewise, wide colour for an SDR viewer", 10000, false, compare, &clip},
};
const struct selftest_rows selftest_convert = {rows, sizeof rows / sizeof rows[0]};
