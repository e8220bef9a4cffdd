/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/sse41.h"

typedef __m128 f4;
typedef __m128i i4;

typedef struct rgb {
    f4 r, g, b;
} rgb;

#define f4_load(p) _mm_loadu_ps(p)
#define f4_store(p, a) _mm_storeu_ps(p, a)
#define f4_set(a) _mm_set1_ps(a)
#define f4_add(a, b) _mm_add_ps(a, b)
#define f4_sub(a, b) _mm_sub_ps(a, b)
#define f4_mul(a, b) _mm_mul_ps(a, b)
#define f4_fma(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#define f4_abs(a) _mm_andnot_ps(_mm_set1_ps(-0.0f), a)
#define f4_min(a, b) _mm_min_ps(a, b)
#define f4_max(a, b) _mm_max_ps(a, b)
#define f4_not_above(a, b) _mm_castps_si128(_mm_cmpngt_ps(a, b))
#define f4_bits(a) _mm_castps_si128(a)
#define i4_any(a) (_mm_movemask_epi8(a) != 0)
#define i4_load(p) _mm_loadu_si128((const void *)(p))
#define i4_store(p, a) _mm_storeu_si128((void *)(p), a)
#define i4_set(a) _mm_set1_epi32(a)
#define i4_set16(a) _mm_set1_epi16((short)(a))
#define i4_add(a, b) _mm_add_epi32(a, b)
#define i4_add16(a, b) _mm_add_epi16(a, b)
#define i4_and(a, b) _mm_and_si128(a, b)
#define i4_or(a, b) _mm_or_si128(a, b)
#define i4_xor(a, b) _mm_xor_si128(a, b)
#define i4_left(a, n) _mm_slli_epi32(a, n)
#define i4_right(a, n) _mm_srli_epi32(a, n)
#define i4_right_signed(a, n) _mm_srai_epi32(a, n)
#define i4_up64(a) _mm_slli_epi64(a, 32)
#define i4_down64(a) _mm_srli_epi64(a, 32)
#define i4_join(a, b) _mm_blend_epi16(a, b, 0xaa)
#define i4_join64(a, b) _mm_blend_epi16(a, b, 0xcc)
#define i4_mulhi(a, b) _mm_mulhi_epu16(a, b)
#define i4_madd(a, b) _mm_madd_epi16(a, b)
#define i4_shift_in(a, last) _mm_alignr_epi8(a, last, 12)
#define i4_pack(a, b) _mm_packus_epi32(a, b)
#define i4_store_bytes(p, a) _mm_storel_epi64((void *)(p), _mm_packus_epi16(a, a))

/* As fr_scrgb_from_half of the lower halves of lanes, but NaN and infinity are what would come next after
 * 65504. */
static inline f4 float_of(i4 half)
{
    const i4 exponent = _mm_and_si128(half, _mm_set1_epi32(0x7c00));
    const i4 subnormal = _mm_cmpeq_epi32(exponent, _mm_setzero_si128());
    const i4 magnitude = _mm_slli_epi32(_mm_and_si128(half, _mm_set1_epi32(0x7fff)), 13);
    const i4 sign = _mm_slli_epi32(_mm_and_si128(half, _mm_set1_epi32(0x8000)), 16);
    const i4 bias =
        _mm_add_epi32(_mm_set1_epi32(112 << 23), _mm_and_si128(subnormal, _mm_set1_epi32(1 << 23)));
    const f4 extra = _mm_and_ps(_mm_castsi128_ps(subnormal), _mm_set1_ps(0x1p-14f));
    const f4 value = _mm_sub_ps(_mm_castsi128_ps(_mm_add_epi32(magnitude, bias)), extra);
    return _mm_or_ps(value, _mm_castsi128_ps(sign));
}

static inline rgb f4_load_halves(const uint8_t *p, i4 *odd)
{
    const f4 a = _mm_loadu_ps((const void *)p), b = _mm_loadu_ps((const void *)(p + 16));
    const i4 red_green = _mm_castps_si128(_mm_shuffle_ps(a, b, 0x88));
    const i4 blue = _mm_and_si128(_mm_castps_si128(_mm_shuffle_ps(a, b, 0xdd)), _mm_set1_epi32(0xffff));
    const i4 magnitude = _mm_set1_epi16(0x7fff), largest = _mm_set1_epi16(0x7bff);
    const i4 most = _mm_max_epi16(_mm_and_si128(red_green, magnitude), _mm_and_si128(blue, magnitude));
    *odd = _mm_or_si128(*odd, _mm_cmpgt_epi16(most, largest));
    return (rgb){float_of(red_green), float_of(_mm_srli_epi32(red_green, 16)), float_of(blue)};
}

#include "convert/float4.h"

void convert_rgba16f_p010_sse41(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_float4_p010(tables, rows, from);
}

void convert_rgba16f_nv12_sse41(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_float4_nv12(tables, rows, from);
}
