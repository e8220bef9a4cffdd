/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/arm/neon.h"
#include "convert/bgra_nv12.h"

enum { COLUMNS = 16 };

/* Of the first, second and third component. */
typedef struct factors {
    int16_t y[3], cb[3], cr[3];
} factors;

static inline uint16x4_t luma_quad(uint16x4_t c0, uint16x4_t c1, uint16x4_t c2, const int16_t f[3])
{
    uint32x4_t sum = vmull_n_u16(c0, (uint16_t)f[0]);
    sum = vmlal_n_u16(sum, c1, (uint16_t)f[1]);
    sum = vmlal_n_u16(sum, c2, (uint16_t)f[2]);
    return vrshrn_n_u32(sum, LUMA_SHIFT);
}

static inline uint8x8_t luma_half(uint8x8_t c0, uint8x8_t c1, uint8x8_t c2, const int16_t f[3])
{
    const uint16x8_t w0 = vmovl_u8(c0), w1 = vmovl_u8(c1), w2 = vmovl_u8(c2);
    const uint16x4_t low = luma_quad(vget_low_u16(w0), vget_low_u16(w1), vget_low_u16(w2), f);
    const uint16x4_t high = luma_quad(vget_high_u16(w0), vget_high_u16(w1), vget_high_u16(w2), f);
    return vmovn_u16(vcombine_u16(low, high));
}

static inline uint8x16_t luma_codes(uint8x16x4_t p, const int16_t f[3])
{
    const uint8x8_t low = luma_half(vget_low_u8(p.val[0]), vget_low_u8(p.val[1]), vget_low_u8(p.val[2]), f);
    const uint8x8_t high =
        luma_half(vget_high_u8(p.val[0]), vget_high_u8(p.val[1]), vget_high_u8(p.val[2]), f);
    return vaddq_u8(vcombine_u8(low, high), vdupq_n_u8(16));
}

/* 1 2 1 about the even columns of two rows; *last carries the odd columns to the next 16. */
static inline int16x8_t filter(uint8x16_t a, uint8x16_t b, uint16x8_t *last)
{
    const uint16x8_t low = vaddl_u8(vget_low_u8(a), vget_low_u8(b));
    const uint16x8_t high = vaddl_u8(vget_high_u8(a), vget_high_u8(b));
    const uint16x8_t even = vuzp1q_u16(low, high), odd = vuzp2q_u16(low, high);
    const uint16x8_t sides = vaddq_u16(odd, vextq_u16(*last, odd, 7));
    *last = odd;
    return vreinterpretq_s16_u16(vaddq_u16(vshlq_n_u16(even, 1), sides));
}

/* Without the last three bits of the shift. */
static inline int16x4_t chroma_quad(int16x4_t c0, int16x4_t c1, int16x4_t c2, const int16_t f[3])
{
    int32x4_t sum = vmlal_n_s16(vdupq_n_s32(CHROMA_BIAS), c0, f[0]);
    sum = vmlal_n_s16(sum, c1, f[1]);
    sum = vmlal_n_s16(sum, c2, f[2]);
    return vshrn_n_s32(sum, 16);
}

static inline uint8x8_t chroma_codes(const int16x8_t c[3], const int16_t f[3])
{
    const int16x4_t low = chroma_quad(vget_low_s16(c[0]), vget_low_s16(c[1]), vget_low_s16(c[2]), f);
    const int16x4_t high = chroma_quad(vget_high_s16(c[0]), vget_high_s16(c[1]), vget_high_s16(c[2]), f);
    return vshrn_n_u16(vreinterpretq_u16_s16(vcombine_s16(low, high)), CHROMA_SHIFT - 16);
}

static inline void left_neighbour(const fr_convert_rows *rows, size_t from, uint16x8_t last[3])
{
    const uint8_t *const a = rows->src[0] + 4 * (from ? from - 1 : 0);
    const uint8_t *const b = rows->src[1] + 4 * (from ? from - 1 : 0);
    for (int i = 0; i < 3; i++)
        last[i] = vdupq_n_u16((uint16_t)(a[i] + b[i]));
}

static inline void convert_block(const fr_convert_rows *rows, size_t x, const factors *f, uint16x8_t last[3])
{
    const uint8x16x4_t a = vld4q_u8(rows->src[0] + 4 * x), b = vld4q_u8(rows->src[1] + 4 * x);
    vst1q_u8(rows->luma[0] + x, luma_codes(a, f->y));
    vst1q_u8(rows->luma[1] + x, luma_codes(b, f->y));
    int16x8_t c[3];
    for (int i = 0; i < 3; i++)
        c[i] = filter(a.val[i], b.val[i], &last[i]);
    const uint8x8x2_t chroma = {{chroma_codes(c, f->cb), chroma_codes(c, f->cr)}};
    vst2_u8(rows->chroma + x, chroma);
}

/* Returns the column after what it did: at most one is left where there is a block at all. */
FR_ALWAYS_INLINE size_t convert_columns(const fr_convert_rows *rows, size_t from, factors f)
{
    const size_t even = rows->width - rows->width % 2, end = even - (even - from) % COLUMNS;
    if (end == from)
        return from;
    uint16x8_t last[3];
    left_neighbour(rows, from, last);
    for (size_t x = from; x < end; x += COLUMNS)
        convert_block(rows, x, &f, last);
    if (end < even) {
        /* Some columns once more; they come out the same. */
        left_neighbour(rows, even - COLUMNS, last);
        convert_block(rows, even - COLUMNS, &f, last);
    }
    return even;
}

void convert_bgra_nv12_neon(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {{LUMA_B, LUMA_G, LUMA_R}, {CB_B, CB_G, CB_R}, {CR_B, CR_G, CR_R}};
    convert_bgra_nv12_c(tables, rows, convert_columns(rows, from, f));
}

void convert_rgba_nv12_neon(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const factors f = {{LUMA_R, LUMA_G, LUMA_B}, {CB_R, CB_G, CB_B}, {CR_R, CR_G, CR_B}};
    convert_rgba_nv12_c(tables, rows, convert_columns(rows, from, f));
}
