/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/avx2.h"
#include "convert/bgra_nv12.h"

/* 0x00ff00ff leaves the outer components of a pixel as two 16-bit lanes, a shift by 8 green and alpha. */
typedef struct pixels {
    __m256i outer, inner;
} pixels;

/* For pmaddwd: of the first and third component, and of green and nothing. */
typedef struct factors {
    __m256i outer, inner;
} factors;

static inline factors make_factors(int first, int green, int third)
{
    return (factors){
        .outer = _mm256_set1_epi32((int)((uint32_t)(uint16_t)first | (uint32_t)third << 16)),
        .inner = _mm256_set1_epi32((uint16_t)green),
    };
}

static inline __m256i weigh(pixels p, factors f)
{
    return _mm256_add_epi32(_mm256_madd_epi16(p.outer, f.outer), _mm256_madd_epi16(p.inner, f.inner));
}

static inline pixels load_pixels(const uint8_t *p)
{
    const __m256i v = _mm256_loadu_si256((const void *)p);
    return (pixels){_mm256_and_si256(v, _mm256_set1_epi32(0x00ff00ff)), _mm256_srli_epi16(v, 8)};
}

static inline pixels add_pixels(pixels a, pixels b)
{
    return (pixels){_mm256_add_epi16(a.outer, b.outer), _mm256_add_epi16(a.inner, b.inner)};
}

/* 16 codes in 16-bit lanes. The average with 2 * 16 adds the offset and rounds the last bit away. */
static inline __m256i luma_codes(pixels a, pixels b, factors f)
{
    const __m256i ya = _mm256_srli_epi32(weigh(a, f), LUMA_SHIFT - 1);
    const __m256i yb = _mm256_srli_epi32(weigh(b, f), LUMA_SHIFT - 1);
    return _mm256_avg_epu16(_mm256_packus_epi32(ya, yb), _mm256_set1_epi16(2 * 16));
}

static inline __m256i chroma_codes(pixels sum, factors f)
{
    return _mm256_srli_epi32(_mm256_add_epi32(weigh(sum, f), _mm256_set1_epi32(CHROMA_BIAS)), CHROMA_SHIFT);
}

static inline pixels left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return (pixels){
        _mm256_set1_epi32((int)((p[0] & 0x00ff00ff) + (p[1] & 0x00ff00ff))),
        _mm256_set1_epi32((int)((p[0] >> 8 & 0x00ff00ff) + (p[1] >> 8 & 0x00ff00ff))),
    };
}

/* Does whole blocks; returns the column after them. */
static inline size_t convert_blocks(const fr_convert_rows *rows, size_t from, factors y, factors cb,
                                    factors cr)
{
    size_t x = from;
    if (x + 16 > rows->width)
        return x;
    pixels last = left_neighbour(rows, from);
    for (; x + 16 <= rows->width; x += 16) {
        const pixels a0 = load_pixels(rows->src[0] + 4 * x), b0 = load_pixels(rows->src[0] + 4 * x + 32);
        const pixels a1 = load_pixels(rows->src[1] + 4 * x), b1 = load_pixels(rows->src[1] + 4 * x + 32);
        store_luma_nv12(rows, x, luma_codes(a0, b0, y), luma_codes(a1, b1, y));

        const pixels a = add_pixels(a0, a1), b = add_pixels(b0, b1);
        const pixels sum = {
            filter_lanes(a.outer, b.outer, &last.outer),
            filter_lanes(a.inner, b.inner, &last.inner),
        };
        store_chroma_nv12(rows, x, chroma_codes(sum, cb), chroma_codes(sum, cr));
    }
    return x;
}

void convert_bgra_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = convert_blocks(rows, from, make_factors(LUMA_B, LUMA_G, LUMA_R),
                                    make_factors(CB_B, CB_G, CB_R), make_factors(CR_B, CR_G, CR_R));
    convert_bgra_nv12_c(tables, rows, x);
}

void convert_rgba_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = convert_blocks(rows, from, make_factors(LUMA_R, LUMA_G, LUMA_B),
                                    make_factors(CB_R, CB_G, CB_B), make_factors(CR_R, CR_G, CR_B));
    convert_rgba_nv12_c(tables, rows, x);
}
