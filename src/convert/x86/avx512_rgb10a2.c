/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/rgb10a2_p010.h"
#include "convert/x86/ahead.h"
#include "convert/x86/avx512.h"

enum { COLUMNS = 32 };

/* For vpdpwssd: red and green as two 16-bit lanes, and blue and nothing. */
typedef struct pixels {
    __m512i outer, blue;
} pixels;

/* A factor is (high << FACTOR_SHIFT) + low. */
enum { FACTOR_SHIFT = 14 };

typedef struct factors {
    pixels high, low;
} factors;

static inline pixels pair_factors(int r, int g, int b)
{
    return (pixels){
        .outer = _mm512_set1_epi32((int)((uint32_t)(uint16_t)r | (uint32_t)g << 16)),
        .blue = _mm512_set1_epi32((uint16_t)b),
    };
}

static inline factors make_factors(int r, int g, int b)
{
    const int low = (1 << FACTOR_SHIFT) - 1;
    return (factors){
        .high = pair_factors(r >> FACTOR_SHIFT, g >> FACTOR_SHIFT, b >> FACTOR_SHIFT),
        .low = pair_factors(r & low, g & low, b & low),
    };
}

/* The bias's lower FACTOR_SHIFT bits are 0. */
static inline __m512i weigh(pixels p, factors f, int bias)
{
    __m512i sum = _mm512_dpwssd_epi32(_mm512_set1_epi32(bias >> FACTOR_SHIFT), p.outer, f.high.outer);
    sum = _mm512_slli_epi32(_mm512_dpwssd_epi32(sum, p.blue, f.high.blue), FACTOR_SHIFT);
    sum = _mm512_dpwssd_epi32(sum, p.outer, f.low.outer);
    return _mm512_dpwssd_epi32(sum, p.blue, f.low.blue);
}

static inline pixels load_pixels(const uint8_t *p)
{
    const __m512i word = _mm512_loadu_si512((const void *)p);
    /* Bits 0..15 and 10..25 of each of the two pixels in a 64-bit lane. */
    const __m512i bits = _mm512_set1_epi64(0x322a2820120a0800);
    return (pixels){
        _mm512_and_si512(_mm512_multishift_epi64_epi8(bits, word), _mm512_set1_epi16(1023)),
        _mm512_and_si512(_mm512_srli_epi32(word, 20), _mm512_set1_epi32(1023)),
    };
}

/* 32 codes in the upper bits of their words. */
static inline __m512i luma_codes(pixels a, pixels b, factors f)
{
    const __m512i ya = _mm512_srli_epi32(weigh(a, f, LUMA_BIAS), LUMA_SHIFT - 6);
    const __m512i yb = _mm512_srli_epi32(weigh(b, f, LUMA_BIAS), LUMA_SHIFT - 6);
    const __m512i order =
        _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, /* */
                         30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i codes = _mm512_permutex2var_epi16(ya, order, yb);
    return _mm512_and_si512(codes, _mm512_set1_epi16((short)0xffc0));
}

static inline __m512i chroma_codes(pixels p, factors cb, factors cr)
{
    const __m512i blue = _mm512_srli_epi32(weigh(p, cb, CHROMA_BIAS), CHROMA_SHIFT - 6);
    const __m512i red = _mm512_slli_epi32(weigh(p, cr, CHROMA_BIAS), 16 - (CHROMA_SHIFT - 6));
    return _mm512_and_si512(_mm512_mask_mov_epi16(blue, 0xaaaaaaaa, red), _mm512_set1_epi16((short)0xffc0));
}

static inline pixels add_pixels(pixels a, pixels b)
{
    return (pixels){_mm512_add_epi16(a.outer, b.outer), _mm512_add_epi16(a.blue, b.blue)};
}

static inline pixels left_neighbour(const fr_convert_rows *rows, size_t from)
{
    pixels p[2];
    for (int row = 0; row < 2; row++) {
        uint32_t word[16];
        memcpy(&word[0], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(word[0]));
        for (int i = 1; i < 16; i++)
            word[i] = word[0];
        p[row] = load_pixels((const void *)word);
    }
    return add_pixels(p[0], p[1]);
}

typedef struct matrix {
    factors y, cb, cr;
} matrix;

FR_ALWAYS_INLINE void convert_block(const fr_convert_rows *rows, size_t x, matrix m, pixels *last,
                                    bool stream)
{
    pixels p[2][2];
    for (int row = 0; row < 2; row++) {
        const uint8_t *const at = rows->src[row] + 4 * x;
        p[row][0] = load_pixels(at);
        p[row][1] = load_pixels(at + 64);
        store_avx512(rows->luma[row] + 2 * x, luma_codes(p[row][0], p[row][1], m.y), stream);
    }
    const pixels a = add_pixels(p[0][0], p[1][0]), b = add_pixels(p[0][1], p[1][1]);
    const pixels sum = {filter_avx512(a.outer, b.outer, &last->outer),
                        filter_avx512(a.blue, b.blue, &last->blue)};
    store_avx512(rows->chroma + 2 * x, chroma_codes(sum, m.cb, m.cr), stream);
}

FR_ALWAYS_INLINE void convert_blocks(const fr_convert_rows *rows, size_t from, size_t end, matrix m,
                                     bool stream)
{
    const fr_ahead ahead = fr_ahead_init(rows, from, 4);
    pixels last = left_neighbour(rows, from);
    for (size_t x = from; x < end; x += COLUMNS) {
        fr_ahead_fetch(&ahead, rows, 4 * x, 4 * COLUMNS);
        convert_block(rows, x, m, &last, stream);
    }
}

/* Returns the column after what it did: at most one is left where there is a block at all. */
static inline size_t convert_columns(const fr_convert_rows *rows, size_t from, matrix m)
{
    const size_t even = rows->width - rows->width % 2, end = even - (even - from) % COLUMNS;
    if (end == from)
        return from;
    if (streams_avx512(rows, 2 * from))
        convert_blocks(rows, from, end, m, true);
    else
        convert_blocks(rows, from, end, m, false);
    if (end < even) {
        /* Some columns once more; they come out the same. */
        pixels last = left_neighbour(rows, even - COLUMNS);
        convert_block(rows, even - COLUMNS, m, &last, false);
    }
    return even;
}

void convert_rgb10a2_p010_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const matrix m = {
        .y = make_factors(LUMA_R, LUMA_G, LUMA_B),
        .cb = make_factors(CB_R, CB_G, CB_B),
        .cr = make_factors(CR_R, CR_G, CR_B),
    };
    convert_rgb10a2_p010_c(tables, rows, convert_columns(rows, from, m));
}
