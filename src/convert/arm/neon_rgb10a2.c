/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/arm/neon.h"
#include "convert/rgb10a2_p010.h"

enum { COLUMNS = 8 };

/* Four columns. */
typedef struct rgb {
    int32x4_t r, g, b;
} rgb;

static inline rgb unpack(uint32x4_t word)
{
    const uint32x4_t low = vdupq_n_u32(1023);
    return (rgb){
        vreinterpretq_s32_u32(vandq_u32(word, low)),
        vreinterpretq_s32_u32(vandq_u32(vshrq_n_u32(word, 10), low)),
        vreinterpretq_s32_u32(vandq_u32(vshrq_n_u32(word, 20), low)),
    };
}

static inline rgb load_words(const uint8_t *p)
{
    return unpack(vreinterpretq_u32_u8(vld1q_u8(p)));
}

static inline uint32x4_t weigh(rgb c, int r, int g, int b, int bias)
{
    int32x4_t sum = vmlaq_n_s32(vdupq_n_s32(bias), c.r, r);
    sum = vmlaq_n_s32(sum, c.g, g);
    return vreinterpretq_u32_s32(vmlaq_n_s32(sum, c.b, b));
}

/* Eight codes in the upper bits of their words. */
static inline uint8x16_t luma_codes(rgb a, rgb b)
{
    const uint16x4_t low = vshrn_n_u32(weigh(a, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS), LUMA_SHIFT - 6);
    const uint16x4_t high = vshrn_n_u32(weigh(b, LUMA_R, LUMA_G, LUMA_B, LUMA_BIAS), LUMA_SHIFT - 6);
    return vreinterpretq_u8_u16(vandq_u16(vcombine_u16(low, high), vdupq_n_u16(0xffc0)));
}

/* Cb and Cr of four samples. */
static inline uint8x16_t chroma_codes(rgb sum)
{
    const uint16x4_t cb = vshrn_n_u32(weigh(sum, CB_R, CB_G, CB_B, CHROMA_BIAS), CHROMA_SHIFT - 6);
    const uint16x4_t cr = vshrn_n_u32(weigh(sum, CR_R, CR_G, CR_B, CHROMA_BIAS), CHROMA_SHIFT - 6);
    const uint16x8_t both = vcombine_u16(vzip1_u16(cb, cr), vzip2_u16(cb, cr));
    return vreinterpretq_u8_u16(vandq_u16(both, vdupq_n_u16(0xffc0)));
}

static inline rgb add_rows(rgb a, rgb b)
{
    return (rgb){vaddq_s32(a.r, b.r), vaddq_s32(a.g, b.g), vaddq_s32(a.b, b.b)};
}

/* 1 2 1 about the even columns of eight; *last carries the odd columns to the next eight. */
static inline int32x4_t filter(int32x4_t a, int32x4_t b, int32x4_t *last)
{
    const int32x4_t even = vuzp1q_s32(a, b), odd = vuzp2q_s32(a, b);
    const int32x4_t sides = vaddq_s32(odd, vextq_s32(*last, odd, 3));
    *last = odd;
    return vaddq_s32(vshlq_n_s32(even, 1), sides);
}

static inline rgb left_neighbour(const fr_convert_rows *rows, size_t from)
{
    uint32_t p[2];
    for (int row = 0; row < 2; row++)
        memcpy(&p[row], rows->src[row] + 4 * (from ? from - 1 : 0), sizeof(p[row]));
    return add_rows(unpack(vdupq_n_u32(p[0])), unpack(vdupq_n_u32(p[1])));
}

static inline void convert_block(const fr_convert_rows *rows, size_t x, rgb *last)
{
    rgb p[2][2];
    for (int row = 0; row < 2; row++) {
        const uint8_t *const at = rows->src[row] + 4 * x;
        p[row][0] = load_words(at);
        p[row][1] = load_words(at + 16);
        vst1q_u8(rows->luma[row] + 2 * x, luma_codes(p[row][0], p[row][1]));
    }
    const rgb a = add_rows(p[0][0], p[1][0]), b = add_rows(p[0][1], p[1][1]);
    const rgb sum = {filter(a.r, b.r, &last->r), filter(a.g, b.g, &last->g), filter(a.b, b.b, &last->b)};
    vst1q_u8(rows->chroma + 2 * x, chroma_codes(sum));
}

/* Returns the column after what it did: at most one is left where there is a block at all. */
static inline size_t convert_columns(const fr_convert_rows *rows, size_t from)
{
    const size_t even = rows->width - rows->width % 2, end = even - (even - from) % COLUMNS;
    if (end == from)
        return from;
    rgb last = left_neighbour(rows, from);
    for (size_t x = from; x < end; x += COLUMNS)
        convert_block(rows, x, &last);
    if (end < even) {
        /* Some columns once more; they come out the same. */
        last = left_neighbour(rows, even - COLUMNS);
        convert_block(rows, even - COLUMNS, &last);
    }
    return even;
}

void convert_rgb10a2_p010_neon(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    convert_rgb10a2_p010_c(tables, rows, convert_columns(rows, from));
}
