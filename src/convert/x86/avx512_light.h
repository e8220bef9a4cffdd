/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX512_LIGHT_H
#define FR_CONVERT_X86_AVX512_LIGHT_H

/* The first half of the AVX-512 kernels of RGBA16F: from halves to the light whose curve is looked up,
 * FR_LANES_BLACK included. */

#include "convert/half.h"
#include "convert/rgba16f_p010.h"
#include "convert/x86/avx512.h"

/* Out of the way of what is always run. */
#if defined(__GNUC__)
#define SELDOM __attribute__((noinline, cold))
#else
#define SELDOM
#endif

/* 16 columns. */
typedef struct rgb {
    __m512 r, g, b;
} rgb;

/* Words of two vectors: red and green, and blue, of 16 pixels. */
static const uint16_t red_green[32] = {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60,
                                       1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45, 49, 53, 57, 61};
static const uint16_t blue[32] = {2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62};
FR_ALWAYS_INLINE __m512i load(const void *p)
{
    return _mm512_loadu_si512(p);
}

FR_ALWAYS_INLINE rgb load_halves(const uint8_t *p)
{
    const __m512i a = load(p), b = load(p + 64);
    const __m512i rg = _mm512_permutex2var_epi16(a, load(red_green), b);
    const __m512i blues = _mm512_permutex2var_epi16(a, load(blue), b);
    return (rgb){
        _mm512_cvtph_ps(_mm512_castsi512_si256(rg)),
        _mm512_cvtph_ps(_mm512_extracti64x4_epi64(rg, 1)),
        _mm512_cvtph_ps(_mm512_castsi512_si256(blues)),
    };
}

/* NaN and -Inf to 0, +Inf to FR_SCRGB_MAX. */
FR_ALWAYS_INLINE __m512 make_finite(__m512 x)
{
    const __mmask16 odd = _mm512_fpclass_ps_mask(x, 0x01 | 0x80 | 0x10); /* NaN, -Inf */
    const __mmask16 infinite = _mm512_fpclass_ps_mask(x, 0x08);
    return _mm512_mask_mov_ps(_mm512_maskz_mov_ps((__mmask16)~odd, x), infinite,
                              _mm512_set1_ps(FR_SCRGB_MAX));
}

FR_ALWAYS_INLINE rgb make_all_finite(rgb c)
{
    return (rgb){make_finite(c.r), make_finite(c.g), make_finite(c.b)};
}

FR_ALWAYS_INLINE __m512 weigh_exactly(rgb c, const double m[3])
{
    __m256 half[2];
    for (int i = 0; i < 2; i++) {
        const __m512d r = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.r, 1) : _mm512_castps512_ps256(c.r));
        const __m512d g = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.g, 1) : _mm512_castps512_ps256(c.g));
        const __m512d b = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.b, 1) : _mm512_castps512_ps256(c.b));
        const __m512d black = _mm512_set1_pd((double)FR_LANES_BLACK);
        const __m512d sum =
            _mm512_fmadd_pd(g, _mm512_set1_pd(m[1]), _mm512_fmadd_pd(b, _mm512_set1_pd(m[2]), black));
        half[i] = _mm512_cvtpd_ps(_mm512_fmadd_pd(r, _mm512_set1_pd(m[0]), sum));
    }
    return _mm512_insertf32x8(_mm512_castps256_ps512(half[0]), half[1], 1);
}

/* The lines of the change of primaries sum to 1, so that they can be applied to differences from green: greys
 * come out as greys. */
FR_ALWAYS_INLINE __m512 weigh(__m512 red, __m512 green, __m512 blues, const double m[3])
{
    return _mm512_fmadd_ps(red, _mm512_set1_ps((float)m[0]),
                           _mm512_fmadd_ps(blues, _mm512_set1_ps((float)m[2]), green));
}

enum { LARGEST = 0xb, SMALLEST = 0xa }; /* of two magnitudes, for vrangeps */

/* What *doubt is at least, as a whole number without a sign, where light has to be worked out again with
 * care. */
#define DOUBTFUL 0x7f800000

/* Light with FR_LANES_BLACK added; may be negative. In doubt where components of opposite sign leave less
 * than a 4096th of the largest difference, or one is no number: the float in *doubt is then negative or no
 * number. */
FR_ALWAYS_INLINE rgb to_bt2020(const fr_convert_tables *tables, rgb c, __m512i *doubt)
{
    (void)tables;
    const __m512 red = _mm512_sub_ps(c.r, c.g), blues = _mm512_sub_ps(c.b, c.g);
    const __m512 green =
        _mm512_fmadd_ps(c.g, _mm512_set1_ps((float)FR_SCRGB_UNIT), _mm512_set1_ps(FR_LANES_BLACK));
    const rgb light = {
        weigh(red, green, blues, fr_scrgb_to_bt2020[0]),
        weigh(red, green, blues, fr_scrgb_to_bt2020[1]),
        weigh(red, green, blues, fr_scrgb_to_bt2020[2]),
    };
    const __m512 least = _mm512_range_ps(_mm512_range_ps(light.r, light.g, SMALLEST), light.b, SMALLEST);
    const __m512 most = _mm512_range_ps(red, blues, LARGEST);
    *doubt =
        _mm512_castps_si512(_mm512_fnmadd_ps(most, _mm512_set1_ps((float)(FR_SCRGB_UNIT / 4096)), least));
    return light;
}

/* In double precision, as in the C kernel. Out of the way: it is seldom run. */
FR_ALWAYS_INLINE rgb to_bt2020_carefully(const fr_convert_tables *tables, const uint8_t *p)
{
    (void)tables;
    const rgb c = make_all_finite(load_halves(p));
    return (rgb){
        weigh_exactly(c, fr_scrgb_to_bt2020[0]),
        weigh_exactly(c, fr_scrgb_to_bt2020[1]),
        weigh_exactly(c, fr_scrgb_to_bt2020[2]),
    };
}

/* NaN is 0; what is above 1 is left to the curve. */
FR_ALWAYS_INLINE __m512 at_least_black(__m512 x)
{
    return _mm512_max_ps(x, _mm512_set1_ps(FR_LANES_BLACK));
}

FR_ALWAYS_INLINE rgb clip(const fr_convert_tables *tables, rgb c, __m512i *doubt)
{
    (void)tables;
    *doubt = _mm512_setzero_si512();
    const __m512 black = _mm512_set1_ps(FR_LANES_BLACK);
    return (rgb){
        at_least_black(_mm512_add_ps(c.r, black)),
        at_least_black(_mm512_add_ps(c.g, black)),
        at_least_black(_mm512_add_ps(c.b, black)),
    };
}

FR_ALWAYS_INLINE rgb clip_carefully(const fr_convert_tables *tables, const uint8_t *p)
{
    __m512i doubt;
    return clip(tables, load_halves(p), &doubt);
}

FR_ALWAYS_INLINE __m512 tone_part(const fr_tone_lanes *t, int i, __m512i index)
{
    return _mm512_permutex2var_ps(_mm512_loadu_ps(t->parts[i]), index, _mm512_loadu_ps(t->parts[i] + 16));
}

FR_ALWAYS_INLINE __m512 gain_of(const fr_tone_lanes *t, __m512 largest)
{
    const __m512 x = _mm512_max_ps(largest, _mm512_set1_ps(t->lowest));
    const __m512 at =
        _mm512_mul_ps(_mm512_min_ps(x, _mm512_set1_ps(t->highest)), _mm512_set1_ps(t->inverse_lowest));
    const __m512i index = _mm512_srl_epi32(_mm512_castps_si512(at), _mm_cvtsi32_si128(t->shift));
    __m512 mapped = _mm512_fmadd_ps(tone_part(t, 3, index), at, tone_part(t, 2, index));
    mapped = _mm512_fmadd_ps(mapped, at, tone_part(t, 1, index));
    mapped = _mm512_fmadd_ps(mapped, at, tone_part(t, 0, index));
    const __m512 near = _mm512_rcp14_ps(x);
    const __m512 rest = _mm512_fnmadd_ps(x, near, _mm512_set1_ps(2));
    return _mm512_mul_ps(mapped, _mm512_mul_ps(near, rest));
}

FR_ALWAYS_INLINE rgb map_tones(const fr_convert_tables *tables, rgb c, __m512i *doubt)
{
    /* The second operand is taken where the first is NaN. */
    const __m512 largest = _mm512_max_ps(c.b, _mm512_max_ps(c.g, _mm512_max_ps(c.r, _mm512_setzero_ps())));
    *doubt = _mm512_castps_si512(largest); /* in doubt where it is infinite */
    const __m512 gain = gain_of(&tables->tone, largest), black = _mm512_set1_ps(FR_LANES_BLACK);
    return (rgb){
        at_least_black(_mm512_fmadd_ps(c.r, gain, black)),
        at_least_black(_mm512_fmadd_ps(c.g, gain, black)),
        at_least_black(_mm512_fmadd_ps(c.b, gain, black)),
    };
}

FR_ALWAYS_INLINE rgb map_tones_carefully(const fr_convert_tables *tables, const uint8_t *p)
{
    __m512i doubt;
    return map_tones(tables, make_all_finite(load_halves(p)), &doubt);
}

/* Light of 16 pixels. */
typedef rgb map_fn(const fr_convert_tables *tables, rgb halves, __m512i *doubt);
typedef rgb map_carefully_fn(const fr_convert_tables *tables, const uint8_t *p);

/* The two ways of one conversion. */
typedef struct mapping {
    map_fn *quickly;
    map_carefully_fn *carefully;
} mapping;

#endif
