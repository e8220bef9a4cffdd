/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX2_LIGHT_H
#define FR_CONVERT_X86_AVX2_LIGHT_H

/* The first half of the AVX2 kernels of RGBA16F: from halves to the light whose curve is looked up,
 * FR_LANES_BLACK included. */

#include "convert/half.h"
#include "convert/rgba16f_p010.h"
#include "convert/x86/avx2.h"

/* Out of the way of what is always run. */
#if defined(__GNUC__)
#define SELDOM __attribute__((noinline, cold))
#else
#define SELDOM
#endif

/* Eight columns. */
typedef struct rgb {
    __m256 r, g, b;
} rgb;

/* Eight columns of two rows. */
typedef struct lights {
    rgb row[2];
} lights;

FR_ALWAYS_INLINE rgb load_halves(const uint8_t *p)
{
    const __m256i in_pairs = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, /* */
                                              0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m256i a = _mm256_loadu2_m128i((const void *)(p + 32), (const void *)p);
    const __m256i b = _mm256_loadu2_m128i((const void *)(p + 48), (const void *)(p + 16));
    const __m256i pa = _mm256_shuffle_epi8(a, in_pairs), pb = _mm256_shuffle_epi8(b, in_pairs);
    const __m256i red_green = _mm256_permute4x64_epi64(_mm256_unpacklo_epi32(pa, pb), 0xd8);
    const __m256i blue_alpha = _mm256_permute4x64_epi64(_mm256_unpackhi_epi32(pa, pb), 0xd8);
    return (rgb){
        _mm256_cvtph_ps(_mm256_castsi256_si128(red_green)),
        _mm256_cvtph_ps(_mm256_extracti128_si256(red_green, 1)),
        _mm256_cvtph_ps(_mm256_castsi256_si128(blue_alpha)),
    };
}

/* NaN and -Inf to 0, +Inf to FR_SCRGB_MAX. */
FR_ALWAYS_INLINE __m256 make_finite(__m256 x)
{
    const __m256 infinity = _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000));
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    const __m256 finite = _mm256_and_ps(x, _mm256_cmp_ps(magnitude, infinity, _CMP_LT_OQ));
    const __m256 infinite = _mm256_cmp_ps(x, infinity, _CMP_EQ_OQ);
    return _mm256_or_ps(finite, _mm256_and_ps(infinite, _mm256_set1_ps(FR_SCRGB_MAX)));
}

FR_ALWAYS_INLINE rgb make_all_finite(rgb c)
{
    return (rgb){make_finite(c.r), make_finite(c.g), make_finite(c.b)};
}

FR_ALWAYS_INLINE __m256 weigh_exactly(rgb c, const double m[3])
{
    __m128 half[2];
    for (int i = 0; i < 2; i++) {
        const __m256d r = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.r, 1) : _mm256_castps256_ps128(c.r));
        const __m256d g = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.g, 1) : _mm256_castps256_ps128(c.g));
        const __m256d b = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.b, 1) : _mm256_castps256_ps128(c.b));
        const __m256d black = _mm256_set1_pd((double)FR_LANES_BLACK);
        const __m256d sum =
            _mm256_fmadd_pd(g, _mm256_set1_pd(m[1]), _mm256_fmadd_pd(b, _mm256_set1_pd(m[2]), black));
        half[i] = _mm256_cvtpd_ps(_mm256_fmadd_pd(r, _mm256_set1_pd(m[0]), sum));
    }
    return _mm256_set_m128(half[1], half[0]);
}

/* The lines of the change of primaries sum to 1, so that they can be applied to differences from green: greys
 * come out as greys. */
FR_ALWAYS_INLINE __m256 weigh(__m256 red, __m256 green, __m256 blue, const double m[3])
{
    return _mm256_fmadd_ps(red, _mm256_set1_ps((float)m[0]),
                           _mm256_fmadd_ps(blue, _mm256_set1_ps((float)m[2]), green));
}

FR_ALWAYS_INLINE __m256 magnitude(__m256 x)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
}

/* Light with FR_LANES_BLACK added; may be negative. The sign of a lane of *odd is set where components of
 * opposite sign leave less than a 512th of the most, or a component is no number: that has to be done with
 * more care. */
FR_ALWAYS_INLINE rgb to_bt2020(const fr_convert_tables *tables, rgb c, __m256 *odd)
{
    (void)tables;
    const __m256 red = _mm256_sub_ps(c.r, c.g), blue = _mm256_sub_ps(c.b, c.g);
    const __m256 green =
        _mm256_fmadd_ps(c.g, _mm256_set1_ps((float)FR_SCRGB_UNIT), _mm256_set1_ps(FR_LANES_BLACK));
    const rgb light = {
        weigh(red, green, blue, fr_scrgb_to_bt2020[0]),
        weigh(red, green, blue, fr_scrgb_to_bt2020[1]),
        weigh(red, green, blue, fr_scrgb_to_bt2020[2]),
    };
    const __m256 r = magnitude(light.r), g = magnitude(light.g), b = magnitude(light.b);
    const __m256 least = _mm256_min_ps(_mm256_min_ps(r, g), b), most = _mm256_max_ps(_mm256_max_ps(r, g), b);
    const __m256 enough = _mm256_mul_ps(most, _mm256_set1_ps(1.0f / 512));
    *odd = _mm256_or_ps(*odd, _mm256_cmp_ps(least, enough, _CMP_NGT_UQ));
    return light;
}

/* In double precision, as in the C kernel. */
SELDOM static void to_bt2020_carefully(const fr_convert_tables *tables, rgb *light, const uint8_t *p)
{
    (void)tables;
    const rgb c = make_all_finite(load_halves(p));
    light->r = weigh_exactly(c, fr_scrgb_to_bt2020[0]);
    light->g = weigh_exactly(c, fr_scrgb_to_bt2020[1]);
    light->b = weigh_exactly(c, fr_scrgb_to_bt2020[2]);
}

FR_ALWAYS_INLINE rgb clip(const fr_convert_tables *tables, rgb c, __m256 *odd)
{
    (void)tables;
    (void)odd;
    const __m256 black = _mm256_set1_ps(FR_LANES_BLACK);
    return (rgb){_mm256_add_ps(c.r, black), _mm256_add_ps(c.g, black), _mm256_add_ps(c.b, black)};
}

static void clip_carefully(const fr_convert_tables *tables, rgb *light, const uint8_t *p)
{
    __m256 odd;
    *light = clip(tables, load_halves(p), &odd);
}

FR_ALWAYS_INLINE __m256 gain_of(const fr_curve *curve, __m256 x)
{
    const __m256i upper = _mm256_srli_epi32(_mm256_castps_si256(x), FR_CURVE_SHIFT);
    const __m256i index = _mm256_subs_epu16(upper, _mm256_set1_epi32((int)curve->first));
    /* A segment is fetched as one double, and the order 0 1 4 5 2 3 6 7 gives the shuffles below straight
     * results. */
    const __m256i order = _mm256_permute4x64_epi64(index, 0xd8);
    const double *const segments = (const void *)curve->segments;
    const __m256 low = _mm256_castpd_ps(_mm256_i32gather_pd(segments, _mm256_castsi256_si128(order), 8));
    const __m256 high =
        _mm256_castpd_ps(_mm256_i32gather_pd(segments, _mm256_extracti128_si256(order, 1), 8));
    return _mm256_fmadd_ps(odd_lanes(low, high), x, even_lanes(low, high));
}

FR_ALWAYS_INLINE rgb map_tones(const fr_convert_tables *tables, rgb c, __m256 *odd)
{
    /* The second operand is taken where the first is NaN. */
    const __m256 largest = _mm256_max_ps(c.b, _mm256_max_ps(c.g, _mm256_max_ps(c.r, _mm256_setzero_ps())));
    const __m256 most = _mm256_set1_ps(65504), black = _mm256_set1_ps(FR_LANES_BLACK);
    *odd = _mm256_or_ps(*odd, _mm256_cmp_ps(largest, most, _CMP_GT_OQ));
    const __m256 gain = gain_of(&tables->gain, _mm256_min_ps(largest, most));
    return (rgb){
        _mm256_fmadd_ps(c.r, gain, black),
        _mm256_fmadd_ps(c.g, gain, black),
        _mm256_fmadd_ps(c.b, gain, black),
    };
}

SELDOM static void map_tones_carefully(const fr_convert_tables *tables, rgb *light, const uint8_t *p)
{
    __m256 odd = _mm256_setzero_ps();
    *light = map_tones(tables, make_all_finite(load_halves(p)), &odd);
}

/* Light of eight pixels; the sign of a lane of *odd is set where that has to be done again, carefully. */
typedef rgb map_fn(const fr_convert_tables *tables, rgb halves, __m256 *odd);
typedef void map_carefully_fn(const fr_convert_tables *tables, rgb *light, const uint8_t *p);

/* The two ways of one conversion. */
typedef struct mapping {
    map_fn *quickly;
    map_carefully_fn *carefully;
} mapping;

FR_ALWAYS_INLINE rgb load_light(const fr_convert_tables *tables, const uint8_t *p, mapping map)
{
    __m256 odd = _mm256_setzero_ps();
    rgb light = map.quickly(tables, load_halves(p), &odd);
    if (_mm256_movemask_ps(odd)) {
        rgb careful;
        map.carefully(tables, &careful, p);
        light = careful;
    }
    return light;
}

FR_ALWAYS_INLINE lights load_lights(const fr_convert_tables *tables, const uint8_t *first,
                                    const uint8_t *second, mapping map)
{
    return (lights){{load_light(tables, first, map), load_light(tables, second, map)}};
}

#endif
