/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/bgra_nv12.h"
#include "convert/x86/ahead.h"
#include "convert/x86/avx512.h"

enum { COLUMNS = 64 };

/* For vpdpwssd: 0x00ff00ff leaves the outer components of a pixel as two 16-bit lanes, a shift by 8 green and
 * alpha. */
typedef struct pixels {
    __m512i outer, inner;
} pixels;

/* For vpdpbusd, which takes bytes and factors of 8 bits with a sign: a factor is 256 high + low. */
typedef struct luma_factors {
    __m512i high, low;
} luma_factors;

typedef struct factors {
    luma_factors y;
    pixels cb, cr;
} factors;

static inline luma_factors split_factors(int first, int green, int third)
{
    const int of[3] = {first, green, third};
    uint32_t high = 0, low = 0;
    for (int i = 0; i < 3; i++) {
        high |= (uint32_t)(uint8_t)((of[i] + 128) >> 8) << 8 * i;
        low |= (uint32_t)(uint8_t)of[i] << 8 * i;
    }
    return (luma_factors){_mm512_set1_epi32((int)high), _mm512_set1_epi32((int)low)};
}

static inline pixels pair_factors(int first, int green, int third)
{
    return (pixels){
        .outer = _mm512_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)third << 16)),
        .inner = _mm512_set1_epi32((uint16_t)green),
    };
}

/* 16 sums whose bits from LUMA_SHIFT on are codes. */
static inline __m512i luma_sums(__m512i v, luma_factors f)
{
    const __m512i high = _mm512_dpbusd_epi32(_mm512_set1_epi32(LUMA_BIAS >> 8), v, f.high);
    return _mm512_dpbusd_epi32(_mm512_slli_epi32(high, 8), v, f.low);
}

/* The sum of two rows. */
static inline pixels add_rows(__m512i a, __m512i b)
{
    const __m512i outer = _mm512_set1_epi32(0x00ff00ff);
    return (pixels){
        _mm512_add_epi16(_mm512_and_si512(a, outer), _mm512_and_si512(b, outer)),
        _mm512_add_epi16(_mm512_srli_epi16(a, 8), _mm512_srli_epi16(b, 8)),
    };
}

/* 16 sums whose bits from CHROMA_SHIFT on are codes. */
static inline __m512i chroma_sums(pixels p, pixels f)
{
    const __m512i outer = _mm512_dpwssd_epi32(_mm512_set1_epi32(CHROMA_BIAS), p.outer, f.outer);
    return _mm512_dpwssd_epi32(outer, p.inner, f.inner);
}

/* The bytes of 64 sums from bit `shift` on: two columns of each of the four vectors in each 64-bit lane. */
FR_ALWAYS_INLINE __m512i gather_codes(__m512i a, __m512i b, __m512i c, __m512i d, int shift)
{
    const __m512i bits = _mm512_set1_epi16((short)(shift | (shift + 32) << 8));
    __m512i codes = _mm512_multishift_epi64_epi8(bits, a);
    codes = _mm512_mask_multishift_epi64_epi8(codes, 0x0c0c0c0c0c0c0c0c, bits, b);
    codes = _mm512_mask_multishift_epi64_epi8(codes, 0x3030303030303030, bits, c);
    return _mm512_mask_multishift_epi64_epi8(codes, 0xc0c0c0c0c0c0c0c0, bits, d);
}

/* Where gather_codes has left columns 0, 1, 2, ... */
static inline __m512i luma_order(void)
{
    return _mm512_set_epi8(63, 62, 55, 54, 47, 46, 39, 38, 31, 30, 23, 22, 15, 14, 7, 6, /* */
                           61, 60, 53, 52, 45, 44, 37, 36, 29, 28, 21, 20, 13, 12, 5, 4, /* */
                           59, 58, 51, 50, 43, 42, 35, 34, 27, 26, 19, 18, 11, 10, 3, 2, /* */
                           57, 56, 49, 48, 41, 40, 33, 32, 25, 24, 17, 16, 9, 8, 1, 0);
}

/* Where it has left Cb and Cr in turn, of two vectors of Cb and two of Cr. */
static inline __m512i chroma_order(void)
{
    return _mm512_set_epi8(63, 59, 62, 58, 55, 51, 54, 50, 47, 43, 46, 42, 39, 35, 38, 34, /* */
                           31, 27, 30, 26, 23, 19, 22, 18, 15, 11, 14, 10, 7, 3, 6, 2,     /* */
                           61, 57, 60, 56, 53, 49, 52, 48, 45, 41, 44, 40, 37, 33, 36, 32, /* */
                           29, 25, 28, 24, 21, 17, 20, 16, 13, 9, 12, 8, 5, 1, 4, 0);
}

static inline __m512i luma_codes(const __m512i v[4], luma_factors f)
{
    const __m512i codes = gather_codes(luma_sums(v[0], f), luma_sums(v[1], f), luma_sums(v[2], f),
                                       luma_sums(v[3], f), LUMA_SHIFT);
    return _mm512_permutexvar_epi8(luma_order(), codes);
}

static inline __m512i chroma_codes(const __m512i a[4], const __m512i b[4], pixels *last, factors f)
{
    pixels p[2];
    for (int i = 0; i < 2; i++) {
        const pixels left = add_rows(a[2 * i], b[2 * i]), right = add_rows(a[2 * i + 1], b[2 * i + 1]);
        p[i].outer = filter_avx512(left.outer, right.outer, &last->outer);
        p[i].inner = filter_avx512(left.inner, right.inner, &last->inner);
    }
    const __m512i codes = gather_codes(chroma_sums(p[0], f.cb), chroma_sums(p[1], f.cb),
                                       chroma_sums(p[0], f.cr), chroma_sums(p[1], f.cr), CHROMA_SHIFT);
    return _mm512_permutexvar_epi8(chroma_order(), codes);
}

static inline pixels left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return add_rows(_mm512_set1_epi32((int)p[0]), _mm512_set1_epi32((int)p[1]));
}

FR_ALWAYS_INLINE void convert_block(const fr_convert_rows *rows, size_t x, factors f, pixels *last,
                                    bool stream)
{
    __m512i v[2][4];
    for (int row = 0; row < 2; row++)
        for (int i = 0; i < 4; i++)
            v[row][i] = _mm512_loadu_si512(rows->src[row] + 4 * x + 64 * (size_t)i);
    store_avx512(rows->luma[0] + x, luma_codes(v[0], f.y), stream);
    store_avx512(rows->luma[1] + x, luma_codes(v[1], f.y), stream);
    store_avx512(rows->chroma + x, chroma_codes(v[0], v[1], last, f), stream);
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
    if (streams_avx512(rows, from))
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

void convert_bgra_nv12_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {
        .y = split_factors(LUMA_B, LUMA_G, LUMA_R),
        .cb = pair_factors(CB_B, CB_G, CB_R),
        .cr = pair_factors(CR_B, CR_G, CR_R),
    };
    convert_bgra_nv12_c(tables, rows, convert_columns(rows, from, f));
}

void convert_rgba_nv12_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {
        .y = split_factors(LUMA_R, LUMA_G, LUMA_B),
        .cb = pair_factors(CB_R, CB_G, CB_B),
        .cr = pair_factors(CR_R, CR_G, CR_B),
    };
    convert_rgba_nv12_c(tables, rows, convert_columns(rows, from, f));
}
