/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/rgb10a2_p010.h"
#include "convert/x86/avx2.h"

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

static inline __m256i luma_codes(rgb a, rgb b)
{
    return _mm256_packus_epi32(weigh(a, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS, LUMA_SHIFT),
                               weigh(b, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS, LUMA_SHIFT));
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

void convert_rgb10a2_p010_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    size_t x = from;
    if (x + 16 <= rows->width) {
        rgb last = left_neighbour(rows, from);
        for (; x + 16 <= rows->width; x += 16) {
            const rgb a0 = load_words(rows->src[0] + 4 * x), b0 = load_words(rows->src[0] + 4 * x + 32);
            const rgb a1 = load_words(rows->src[1] + 4 * x), b1 = load_words(rows->src[1] + 4 * x + 32);
            store_luma_p010(rows, x, luma_codes(a0, b0), luma_codes(a1, b1));

            const rgb a = add_rows(a0, a1), b = add_rows(b0, b1);
            const rgb sum = {
                filter_lanes(a.r, b.r, &last.r),
                filter_lanes(a.g, b.g, &last.g),
                filter_lanes(a.b, b.b, &last.b),
            };
            store_chroma_p010(rows, x, weigh(sum, CB_R, CB_G, CB_B, CHROMA_BIAS, CHROMA_SHIFT),
                              weigh(sum, CR_R, CR_G, CR_B, CHROMA_BIAS, CHROMA_SHIFT));
        }
    }
    convert_rgb10a2_p010_c(tables, rows, x);
}
