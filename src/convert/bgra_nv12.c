/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/bgra_nv12.h"
#include "convert/kernel.h"

/* Where red and blue stand in a pixel; green is the second byte in both. */
typedef struct layout {
    size_t r, b;
} layout;

static inline void luma_row(uint8_t *luma, const uint8_t *src, size_t count, layout at)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *const p = src + 4 * i;
        const int32_t sum = LUMA_R * (int16_t)p[at.r] + LUMA_G * (int16_t)p[1] + LUMA_B * (int16_t)p[at.b];
        luma[i] = (uint8_t)((sum + LUMA_BIAS) >> LUMA_SHIFT);
    }
}

static inline void chroma_sample(uint8_t *chroma, int32_t r, int32_t g, int32_t b)
{
    chroma[0] = (uint8_t)((CB_R * r + CB_G * g + CB_B * b + CHROMA_BIAS) >> CHROMA_SHIFT);
    chroma[1] = (uint8_t)((CR_R * r + CR_G * g + CR_B * b + CHROMA_BIAS) >> CHROMA_SHIFT);
}

/* The eight-fold filtered component whose columns left, here and right are these bytes away. */
static inline int32_t filtered(const uint8_t *a, const uint8_t *b, size_t left, size_t here, size_t right)
{
    return a[left] + 2 * a[here] + a[right] + b[left] + 2 * b[here] + b[right];
}

static inline void chroma_at(const fr_convert_rows *rows, size_t x, size_t left, size_t right, layout at)
{
    const uint8_t *const a = rows->src[0], *const b = rows->src[1];
    chroma_sample(rows->chroma + x, filtered(a, b, 4 * left + at.r, 4 * x + at.r, 4 * right + at.r),
                  filtered(a, b, 4 * left + 1, 4 * x + 1, 4 * right + 1),
                  filtered(a, b, 4 * left + at.b, 4 * x + at.b, 4 * right + at.b));
}

static inline void convert_columns(const fr_convert_rows *rows, size_t from, layout at)
{
    const size_t width = rows->width;
    for (int row = 0; row < 2; row++)
        luma_row(rows->luma[row] + from, rows->src[row] + 4 * from, width - from, at);

    size_t x = from;
    if (x == 0) {
        chroma_at(rows, 0, 0, width > 1, at);
        x = 2;
    }
    for (; x + 1 < width; x += 2)
        chroma_at(rows, x, x - 1, x + 1, at);
    if (x < width)
        chroma_at(rows, x, x - 1, x, at);
}

void convert_bgra_nv12_c(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    (void)tables;
    convert_columns(rows, from, (layout){.r = 2, .b = 0});
}

void convert_rgba_nv12_c(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    (void)tables;
    convert_columns(rows, from, (layout){.r = 0, .b = 2});
}
