/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/bgra_nv12.h"
#include "convert/x86/ahead.h"
#include "convert/x86/avx2.h"

enum { COLUMNS = 32 };

/* 0x00ff00ff leaves the outer components of a pixel as two 16-bit lanes, a shift by 8 green and alpha. */
typedef struct pixels {
    __m256i outer, inner;
} pixels;

/* For pmaddwd: of the first and third component, and of green and nothing. */
typedef struct factors {
    pixels y, cb, cr;
} factors;

static inline pixels make_factors(int first, int green, int third)
{
    return (pixels){
        .outer = _mm256_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)third << 16)),
        .inner = _mm256_set1_epi32((uint16_t)green),
    };
}

static inline __m256i weigh(pixels p, pixels f)
{
    return _mm256_add_epi32(_mm256_madd_epi16(p.outer, f.outer), _mm256_madd_epi16(p.inner, f.inner));
}

static inline pixels split(__m256i v)
{
    return (pixels){_mm256_and_si256(v, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(v, 8)};
}

static inline pixels add_pixels(pixels a, pixels b)
{
    return (pixels){_mm256_add_epi16(a.outer, b.outer), _mm256_add_epi16(a.inner, b.inner)};
}

/* 16 codes in 16-bit lanes. The average with 2 * 16 adds the offset and rounds the last bit away. */
static inline __m256i luma_codes(pixels a, pixels b, pixels f)
{
    const __m256i ya = _mm256_srli_epi32(weigh(a, f), LUMA_SHIFT - 1);
    const __m256i yb = _mm256_srli_epi32(weigh(b, f), LUMA_SHIFT - 1);
    return _mm256_avg_epu16(_mm256_packus_epi32(ya, yb), _mm256_set1_epi16(2 * 16));
}

static inline __m256i chroma_codes(pixels sum, pixels f)
{
    return _mm256_srli_epi32(_mm256_add_epi32(weigh(sum, f), _mm256_set1_epi32(CHROMA_BIAS)), CHROMA_SHIFT);
}

/* Cb and Cr of eight samples, two bytes to the 32-bit lane. */
static inline __m256i chroma_pairs(pixels a, pixels b, pixels *last, factors f)
{
    const pixels sum = {
        filter_lanes(a.outer, b.outer, &last->outer),
        filter_lanes(a.inner, b.inner, &last->inner),
    };
    return _mm256_or_si256(chroma_codes(sum, f.cb), _mm256_slli_epi32(chroma_codes(sum, f.cr), 8));
}

static inline pixels left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return add_pixels(split(_mm256_set1_epi32((int)p[0])), split(_mm256_set1_epi32((int)p[1])));
}

FR_ALWAYS_INLINE void convert_block(const fr_convert_rows *rows, size_t x, factors f, pixels *last,
                                    bool stream)
{
    pixels p[2][4], sum[4];
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < 4; i++)
            p[row][i] = split(_mm256_loadu_si256((const void *)(rows->src[row] + 4 * x + 32 * (size_t)i)));
    for (int row = 0; row < 2; row++) {
        const __m256i left = luma_codes(p[row][0], p[row][1], f.y);
        const __m256i right = luma_codes(p[row][2], p[row][3], f.y);
        store_avx2(rows->luma[row] + x, straighten_bytes(_mm256_packus_epi16(left, right)), stream);
    }
    for (int i = 0; i < 4; i++)
        sum[i] = add_pixels(p[0][i], p[1][i]);
    const __m256i left = chroma_pairs(sum[0], sum[1], last, f);
    const __m256i right = chroma_pairs(sum[2], sum[3], last, f);
    store_avx2(rows->chroma + x, straighten_bytes(_mm256_packus_epi32(left, right)), stream);
}

FR_ALWAYS_INLINE void convert_blocks(const fr_convert_rows *rows, size_t from, size_t end, factors f,
                                     bool stream)
{
    const fr_ahead ahead = fr_ahead_init(rows, from, 4);
    pixels last = left_neighbour(rows, from);
    for (size_t x = from; x < end; x += COLUMNS) {
        fr_ahead_fetch(&ahead, rows, 4 * x, 4 * COLUMNS);
        convert_block(rows, x, f, &last, stream);
    }
}

/* Returns the column after what it did: at most one is left where there is a block at all. */
static inline size_t convert_columns(const fr_convert_rows *rows, size_t from, factors f)
{
    const size_t even = rows->width - rows->width % 2, end = even - (even - from) % COLUMNS;
    if (end == from)
        return from;
    if (streams_avx2(rows, from))
        convert_blocks(rows, from, end, f, true);
    else
        convert_blocks(rows, from, end, f, false);
    if (end < even) {
        /* Some columns once more; they come out the same. */
        pixels last = left_neighbour(rows, even - COLUMNS);
        convert_block(rows, even - COLUMNS, f, &last, false);
    }
    return even;
}

void convert_bgra_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {
        .y = make_factors(LUMA_B, LUMA_G, LUMA_R),
        .cb = make_factors(CB_B, CB_G, CB_R),
        .cr = make_factors(CR_B, CR_G, CR_R),
    };
    convert_bgra_nv12_c(tables, rows, convert_columns(rows, from, f));
}

void convert_rgba_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {
        .y = make_factors(LUMA_R, LUMA_G, LUMA_B),
        .cb = make_factors(CB_R, CB_G, CB_B),
        .cr = make_factors(CR_R, CR_G, CR_B),
    };
    convert_rgba_nv12_c(tables, rows, convert_columns(rows, from, f));
}
