/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/rgb10a2_p010.h"
#include "convert/x86/ahead.h"
#include "convert/x86/avx2.h"

enum { COLUMNS = 16 };

/* Eight columns, 32 bits each. */
typedef struct rgb {
    __m256i r, g, b;
} rgb;

static inline rgb load_words(const uint8_t *p)
{
    const __m256i word = _mm256_loadu_si256((const void *)p), low = _mm256_set1_epi32(1023);
    return (rgb){
        _mm256_and_si256(word, low),
        _mm256_and_si256(_mm256_srli_epi32(word, 10), low),
        _mm256_and_si256(_mm256_srli_epi32(word, 20), low),
    };
}

static inline __m256i weigh(rgb c, int r, int g, int b, int bias, int shift)
{
    const __m256i red = _mm256_mullo_epi32(c.r, _mm256_set1_epi32(r));
    const __m256i green = _mm256_mullo_epi32(c.g, _mm256_set1_epi32(g));
    const __m256i blue = _mm256_mullo_epi32(c.b, _mm256_set1_epi32(b));
    const __m256i sum =
        _mm256_add_epi32(_mm256_add_epi32(red, green), _mm256_add_epi32(blue, _mm256_set1_epi32(bias)));
    return _mm256_srli_epi32(sum, shift);
}

/* 16 codes in the upper bits of their words. */
static inline __m256i luma_codes(rgb a, rgb b)
{
    const __m256i y = _mm256_packus_epi32(weigh(a, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS, LUMA_SHIFT),
                                          weigh(b, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS, LUMA_SHIFT));
    return _mm256_permute4x64_epi64(_mm256_slli_epi16(y, 6), 0xd8);
}

/* Cb and Cr of eight samples. */
static inline __m256i chroma_codes(rgb sum)
{
    const __m256i cb = weigh(sum, CB_R, CB_G, CB_B, CHROMA_BIAS, CHROMA_SHIFT);
    const __m256i cr = weigh(sum, CR_R, CR_G, CR_B, CHROMA_BIAS, CHROMA_SHIFT);
    const __m256i both = _mm256_or_si256(_mm256_slli_epi32(cb, 6), _mm256_slli_epi32(cr, 16 + 6));
    return _mm256_permute4x64_epi64(both, 0xd8);
}

static inline rgb add_rows(rgb a, rgb b)
{
    return (rgb){_mm256_add_epi32(a.r, b.r), _mm256_add_epi32(a.g, b.g), _mm256_add_epi32(a.b, b.b)};
}

static inline rgb left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return (rgb){
        _mm256_set1_epi32((int)((p[0] & 1023) + (p[1] & 1023))),
        _mm256_set1_epi32((int)((p[0] >> 10 & 1023) + (p[1] >> 10 & 1023))),
        _mm256_set1_epi32((int)((p[0] >> 20 & 1023) + (p[1] >> 20 & 1023))),
    };
}

FR_ALWAYS_INLINE void convert_block(const fr_convert_rows *rows, size_t x, rgb *last, bool stream)
{
    rgb p[2][2];
    for (int row = 0; row < 2; row++) {
        const uint8_t *const at = rows->src[row] + 4 * x;
        p[row][0] = load_words(at);
        p[row][1] = load_words(at + 32);
        store_avx2(rows->luma[row] + 2 * x, luma_codes(p[row][0], p[row][1]), stream);
    }
    const rgb a = add_rows(p[0][0], p[1][0]), b = add_rows(p[0][1], p[1][1]);
    const rgb sum = {
        filter_lanes(a.r, b.r, &last->r),
        filter_lanes(a.g, b.g, &last->g),
        filter_lanes(a.b, b.b, &last->b),
    };
    store_avx2(rows->chroma + 2 * x, chroma_codes(sum), stream);
}

FR_ALWAYS_INLINE void convert_blocks(const fr_convert_rows *rows, size_t from, size_t end, bool stream)
{
    const fr_ahead ahead = fr_ahead_init(rows, from, 4);
    rgb last = left_neighbour(rows, from);
    for (size_t x = from; x < end; x += COLUMNS) {
        fr_ahead_fetch(&ahead, rows, 4 * x, 4 * COLUMNS);
        convert_block(rows, x, &last, stream);
    }
}

/* Returns the column after what it did: at most one is left where there is a block at all. */
static inline size_t convert_columns(const fr_convert_rows *rows, size_t from)
{
    const size_t even = rows->width - rows->width % 2, end = even - (even - from) % COLUMNS;
    if (end == from)
        return from;
    if (streams_avx2(rows, 2 * from))
        convert_blocks(rows, from, end, true);
    else
        convert_blocks(rows, from, end, false);
    if (end < even) {
        /* Some columns once more; they come out the same. */
        rgb last = left_neighbour(rows, even - COLUMNS);
        convert_block(rows, even - COLUMNS, &last, false);
    }
    return even;
}

void convert_rgb10a2_p010_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    convert_rgb10a2_p010_c(tables, rows, convert_columns(rows, from));
}
