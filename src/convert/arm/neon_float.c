/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/arm/neon.h"

typedef float32x4_t f4;
typedef uint32x4_t i4;

typedef struct rgb {
    f4 r, g, b;
} rgb;

#define f4_load(p) vld1q_f32(p)
#define f4_store(p, a) vst1q_f32(p, a)
#define f4_set(a) vdupq_n_f32(a)
#define f4_add(a, b) vaddq_f32(a, b)
#define f4_sub(a, b) vsubq_f32(a, b)
#define f4_mul(a, b) vmulq_f32(a, b)
#define f4_fma(a, b, c) vfmaq_f32(c, a, b)
#define f4_abs(a) vabsq_f32(a)
#define f4_min(a, b) vminnmq_f32(a, b)
#define f4_max(a, b) vmaxnmq_f32(a, b)
#define f4_not_above(a, b) vmvnq_u32(vcgtq_f32(a, b))
#define f4_bits(a) vreinterpretq_u32_f32(a)
#define i4_any(a) (vmaxvq_u32(a) != 0)
#define i4_load(p) vreinterpretq_u32_u8(vld1q_u8((const void *)(p)))
#define i4_store(p, a) vst1q_u8((void *)(p), vreinterpretq_u8_u32(a))
#define i4_set(a) vdupq_n_u32((uint32_t)(a))
#define i4_set16(a) vreinterpretq_u32_u16(vdupq_n_u16(a))
#define i4_add(a, b) vaddq_u32(a, b)
#define i4_add16(a, b) vreinterpretq_u32_u16(vaddq_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b)))
#define i4_and(a, b) vandq_u32(a, b)
#define i4_or(a, b) vorrq_u32(a, b)
#define i4_xor(a, b) veorq_u32(a, b)
#define i4_left(a, n) vshlq_n_u32(a, n)
#define i4_right(a, n) vshrq_n_u32(a, n)
#define i4_right_signed(a, n) vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_u32(a), n))
#define i4_up64(a) vreinterpretq_u32_u64(vshlq_n_u64(vreinterpretq_u64_u32(a), 32))
#define i4_down64(a) vreinterpretq_u32_u64(vshrq_n_u64(vreinterpretq_u64_u32(a), 32))
#define i4_join(a, b) vbslq_u32(vdupq_n_u32(0xffff), a, b)
#define i4_join64(a, b) vbslq_u32(vreinterpretq_u32_u64(vdupq_n_u64(0xffffffff)), a, b)
#define i4_shift_in(a, last) vextq_u32(last, a, 3)
#define i4_pack(a, b) vreinterpretq_u32_u16(vcombine_u16(vmovn_u32(a), vmovn_u32(b)))
#define i4_store_bytes(p, a) vst1_u8(p, vmovn_u16(vreinterpretq_u16_u32(a)))

static inline i4 i4_mulhi(i4 a, i4 b)
{
    const uint16x8_t x = vreinterpretq_u16_u32(a), y = vreinterpretq_u16_u32(b);
    const uint32x4_t low = vmull_u16(vget_low_u16(x), vget_low_u16(y)), high = vmull_high_u16(x, y);
    return vreinterpretq_u32_u16(vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high)));
}

static inline i4 i4_madd(i4 a, i4 b)
{
    const int16x8_t x = vreinterpretq_s16_u32(a), y = vreinterpretq_s16_u32(b);
    const int32x4_t low = vmull_s16(vget_low_s16(x), vget_low_s16(y)), high = vmull_high_s16(x, y);
    return vreinterpretq_u32_s32(vpaddq_s32(low, high));
}

static inline rgb f4_load_halves(const uint8_t *p, i4 *odd)
{
    (void)odd;
    const uint16x8_t a = vreinterpretq_u16_u8(vld1q_u8(p)), b = vreinterpretq_u16_u8(vld1q_u8(p + 16));
    const uint32x4_t a32 = vreinterpretq_u32_u16(a), b32 = vreinterpretq_u32_u16(b);
    const uint32x4_t red_green = vuzp1q_u32(a32, b32), blue_alpha = vuzp2q_u32(a32, b32);
    return (rgb){
        vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(red_green))),
        vcvt_f32_f16(vreinterpret_f16_u16(vshrn_n_u32(red_green, 16))),
        vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(blue_alpha))),
    };
}

#include "convert/float4.h"

void convert_rgba16f_p010_neon(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_float4_p010(tables, rows, from);
}

void convert_rgba16f_nv12_neon(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_float4_nv12(tables, rows, from);
}
