/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/bgra_nv12.h"
#include "convert/x86/ahead.h"
#include "convert/x86/avx2.h"

enum { COLUMNS = 64 };

/* 0x00ff00ff leaves the outer components of a pixel as two 16-bit lanes, a shift by 8 green and alpha. */
typedef struct pixels {
    __m256i outer, inner;
} pixels;

/* For pmaddwd: of the first and third component, and of green and nothing. */
typedef struct factors {
    pixels y, cb, cr;
} factors;

/* In chroma's sums the lane beside green holds UNIT, so that its factor adds the bias. */
enum { UNIT = 1 << 14, UNIT_FACTOR = CHROMA_BIAS / UNIT };

static inline pixels make_factors(int first, int green, int third, int unit)
{
    return (pixels){
        .outer = _mm256_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)third << 16)),
        .inner = _mm256_set1_epi32((int)((uint32_t)(uint16_t)green | (uint32_t)unit << 16)),
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

/* Cb and Cr of eight samples in turn, in 16-bit lanes. */
static inline __m256i chroma_codes(pixels a, pixels b, pixels *last, factors f)
{
    const __m256i inner = filter_lanes(a.inner, b.inner, &last->inner);
    const pixels sum = {
        filter_lanes(a.outer, b.outer, &last->outer),
        _mm256_blend_epi16(inner, _mm256_set1_epi16(UNIT), 0xaa),
    };
    const __m256i cb = _mm256_srli_epi32(weigh(sum, f.cb), 16);
    return _mm256_srli_epi16(_mm256_blend_epi16(cb, weigh(sum, f.cr), 0xaa), CHROMA_SHIFT - 16);
}

static inline pixels left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return add_pixels(split(_mm256_set1_epi32((int)p[0])), split(_mm256_set1_epi32((int)p[1])));
}

static inline __m256i pack(__m256i left, __m256i right)
{
    return straighten_bytes(_mm256_packus_epi16(left, right));
}

/* 16 columns at a time: more than that does not stay in registers. */
FR_ALWAYS_INLINE void convert_block(const fr_convert_rows *rows, size_t x, factors f, pixels *last,
                                    bool stream)
{
    __m256i luma[2][4], chroma[4];
    for (size_t i = 0; i < 4; i++) {
        pixels p[2][2];
        for (int row = 0; row < 2; row++) {
            const uint8_t *const at = rows->src[row] + 4 * x + 64 * i;
            p[row][0] = split(_mm256_loadu_si256((const void *)at));
            p[row][1] = split(_mm256_loadu_si256((const void *)(at + 32)));
            luma[row][i] = luma_codes(p[row][0], p[row][1], f.y);
        }
        chroma[i] = chroma_codes(add_pixels(p[0][0], p[1][0]), add_pixels(p[0][1], p[1][1]), last, f);
    }
    for (size_t i = 0; i < 2; i++) {
        const size_t at = x + 32 * i;
        store_avx2(rows->luma[0] + at, pack(luma[0][2 * i], luma[0][2 * i + 1]), stream);
        store_avx2(rows->luma[1] + at, pack(luma[1][2 * i], luma[1][2 * i + 1]), stream);
        store_avx2(rows->chroma + at, pack(chroma[2 * i], chroma[2 * i + 1]), stream);
    }
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
        .y = make_factors(LUMA_B, LUMA_G, LUMA_R, 0),
        .cb = make_factors(CB_B, CB_G, CB_R, UNIT_FACTOR),
        .cr = make_factors(CR_B, CR_G, CR_R, UNIT_FACTOR),
    };
    convert_bgra_nv12_c(tables, rows, convert_columns(rows, from, f));
}

void convert_rgba_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {
        .y = make_factors(LUMA_R, LUMA_G, LUMA_B, 0),
        .cb = make_factors(CB_R, CB_G, CB_B, UNIT_FACTOR),
        .cr = make_factors(CR_R, CR_G, CR_B, UNIT_FACTOR),
    };
    convert_rgba_nv12_c(tables, rows, convert_columns(rows, from, f));
}
