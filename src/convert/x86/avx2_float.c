/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/half.h"
#include "convert/rgba16f_p010.h"
#include "convert/signal.h"
#include "convert/x86/avx2.h"

/* Eight columns. */
typedef struct rgb {
    __m256 r, g, b;
} rgb;

/* The components of eight pixels; *special: one is NaN, infinite or has a sign. */
static inline rgb load_halves(const uint8_t *p, bool *special)
{
    const __m256i in_pairs = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, /* */
                                              0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m256i a = _mm256_loadu2_m128i((const void *)(p + 32), (const void *)p);
    const __m256i b = _mm256_loadu2_m128i((const void *)(p + 48), (const void *)(p + 16));
    const __m256i largest = _mm256_set1_epi16(0x7bff), no_alpha = _mm256_set1_epi64x(0xffffffffffff);
    const __m256i above = _mm256_or_si256(_mm256_subs_epu16(a, largest), _mm256_subs_epu16(b, largest));
    *special = !_mm256_testz_si256(above, no_alpha);

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
static inline __m256 make_finite(__m256 x)
{
    const __m256 infinity = _mm256_castsi256_ps(_mm256_set1_epi32(0x7f800000));
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    const __m256 finite = _mm256_and_ps(x, _mm256_cmp_ps(magnitude, infinity, _CMP_LT_OQ));
    const __m256 infinite = _mm256_cmp_ps(x, infinity, _CMP_EQ_OQ);
    return _mm256_or_ps(finite, _mm256_and_ps(infinite, _mm256_set1_ps(FR_SCRGB_MAX)));
}

static inline __m256 curve_at(const fr_curve *curve, __m256 x)
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

static inline __m256 weigh(rgb c, float r, float g, float b)
{
    const __m256 sum = _mm256_fmadd_ps(c.g, _mm256_set1_ps(g), _mm256_mul_ps(c.b, _mm256_set1_ps(b)));
    return _mm256_fmadd_ps(c.r, _mm256_set1_ps(r), sum);
}

static inline __m256 weigh_exactly(rgb c, const double m[3])
{
    __m128 half[2];
    for (int i = 0; i < 2; i++) {
        const __m256d r = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.r, 1) : _mm256_castps256_ps128(c.r));
        const __m256d g = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.g, 1) : _mm256_castps256_ps128(c.g));
        const __m256d b = _mm256_cvtps_pd(i ? _mm256_extractf128_ps(c.b, 1) : _mm256_castps256_ps128(c.b));
        const __m256d sum = _mm256_fmadd_pd(g, _mm256_set1_pd(m[1]), _mm256_mul_pd(b, _mm256_set1_pd(m[2])));
        half[i] = _mm256_cvtpd_ps(_mm256_fmadd_pd(r, _mm256_set1_pd(m[0]), sum));
    }
    return _mm256_set_m128(half[1], half[0]);
}

static inline __m256 clamp_unit(__m256 x)
{
    return _mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), _mm256_set1_ps(1));
}

/* In double precision, as in the C kernel. */
static inline rgb special_light(rgb c)
{
    c = (rgb){make_finite(c.r), make_finite(c.g), make_finite(c.b)};
    return (rgb){
        weigh_exactly(c, fr_scrgb_to_bt2020[0]),
        weigh_exactly(c, fr_scrgb_to_bt2020[1]),
        weigh_exactly(c, fr_scrgb_to_bt2020[2]),
    };
}

static inline rgb load_pq(const fr_convert_tables *tables, const uint8_t *p)
{
    bool special;
    rgb c = load_halves(p, &special);
    if (special) {
        c = special_light(c);
    } else {
        /* No sign, so nothing cancels, and single precision is enough. */
        const double(*const m)[3] = fr_scrgb_to_bt2020;
        c = (rgb){
            weigh(c, (float)m[0][0], (float)m[0][1], (float)m[0][2]),
            weigh(c, (float)m[1][0], (float)m[1][1], (float)m[1][2]),
            weigh(c, (float)m[2][0], (float)m[2][1], (float)m[2][2]),
        };
    }
    const fr_curve *const pq = &tables->transfer;
    return (rgb){
        curve_at(pq, clamp_unit(c.r)),
        curve_at(pq, clamp_unit(c.g)),
        curve_at(pq, clamp_unit(c.b)),
    };
}

static inline rgb load_srgb(const fr_convert_tables *tables, const uint8_t *p)
{
    bool special;
    rgb c = load_halves(p, &special);
    if (special)
        c = (rgb){make_finite(c.r), make_finite(c.g), make_finite(c.b)};
    const __m256 largest = _mm256_max_ps(_mm256_max_ps(c.r, c.g), _mm256_max_ps(c.b, _mm256_setzero_ps()));
    /* No finite half is larger; this keeps the index in the table whatever the source does meanwhile. */
    const __m256 gain = curve_at(&tables->gain, _mm256_min_ps(largest, _mm256_set1_ps(65504)));
    const fr_curve *const srgb = &tables->transfer;
    return (rgb){
        curve_at(srgb, clamp_unit(_mm256_mul_ps(c.r, gain))),
        curve_at(srgb, clamp_unit(_mm256_mul_ps(c.g, gain))),
        curve_at(srgb, clamp_unit(_mm256_mul_ps(c.b, gain))),
    };
}

typedef rgb load_fn(const fr_convert_tables *tables, const uint8_t *p);
typedef void store_fn(const fr_convert_rows *rows, size_t x, __m256i first, __m256i second);

/* Differences of two rows from their luma. */
typedef struct differences {
    __m256 blue, red;
} differences;

static inline __m256i luma_codes(__m256 ya, __m256 yb, const fr_matrix *m)
{
    const __m256 scale = _mm256_set1_ps(m->luma_scale), offset = _mm256_set1_ps(m->luma_offset);
    return _mm256_packus_epi32(_mm256_cvttps_epi32(_mm256_fmadd_ps(ya, scale, offset)),
                               _mm256_cvttps_epi32(_mm256_fmadd_ps(yb, scale, offset)));
}

static inline differences take_differences(rgb c0, rgb c1, __m256 y0, __m256 y1)
{
    const __m256 y = _mm256_add_ps(y0, y1);
    return (differences){
        _mm256_sub_ps(_mm256_add_ps(c0.b, c1.b), y),
        _mm256_sub_ps(_mm256_add_ps(c0.r, c1.r), y),
    };
}

/* 1 2 1 about the even columns, as codes; *last carries column 15 to the next 16 columns, in lane 0. */
static inline __m256i chroma_codes(__m256 a, __m256 b, __m256 *last, float scale, float offset)
{
    const __m256 odd = odd_lanes(a, b), turned = turn_left(odd);
    const __m256 sides = _mm256_add_ps(odd, _mm256_blend_ps(turned, *last, 1));
    const __m256 sum = _mm256_fmadd_ps(even_lanes(a, b), _mm256_set1_ps(2), sides);
    *last = turned;
    return _mm256_cvttps_epi32(_mm256_fmadd_ps(sum, _mm256_set1_ps(scale), _mm256_set1_ps(offset)));
}

/* The column left of `from` in every lane. */
static inline differences left_neighbour(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                         size_t from, load_fn *load, const fr_matrix *m)
{
    rgb c[2];
    for (int row = 0; row < 2; row++) {
        uint64_t pixels[8];
        memcpy(pixels, rows->src[row] + 8 * (from ? from - 1 : 0), sizeof(pixels[0]));
        for (int i = 1; i < 8; i++)
            pixels[i] = pixels[0];
        c[row] = load(tables, (const void *)pixels);
    }
    return take_differences(c[0], c[1], weigh(c[0], m->kr, m->kg, m->kb), weigh(c[1], m->kr, m->kg, m->kb));
}

/* Does whole blocks; returns the column after them. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, load_fn *load, const fr_matrix *m, store_fn *store_luma,
                                       store_fn *store_chroma)
{
    size_t x = from;
    if (x + 16 > rows->width)
        return x;
    differences last = left_neighbour(tables, rows, from, load, m);
    for (; x + 16 <= rows->width; x += 16) {
        const rgb a0 = load(tables, rows->src[0] + 8 * x), b0 = load(tables, rows->src[0] + 8 * x + 64);
        const rgb a1 = load(tables, rows->src[1] + 8 * x), b1 = load(tables, rows->src[1] + 8 * x + 64);
        const __m256 ya0 = weigh(a0, m->kr, m->kg, m->kb), yb0 = weigh(b0, m->kr, m->kg, m->kb);
        const __m256 ya1 = weigh(a1, m->kr, m->kg, m->kb), yb1 = weigh(b1, m->kr, m->kg, m->kb);
        store_luma(rows, x, luma_codes(ya0, yb0, m), luma_codes(ya1, yb1, m));

        const differences a = take_differences(a0, a1, ya0, ya1), b = take_differences(b0, b1, yb0, yb1);
        store_chroma(rows, x, chroma_codes(a.blue, b.blue, &last.blue, m->cb_scale, m->chroma_offset),
                     chroma_codes(a.red, b.red, &last.red, m->cr_scale, m->chroma_offset));
    }
    return x;
}

void convert_rgba16f_p010_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = convert_blocks(tables, rows, from, load_pq, &fr_matrix_bt2020_10bit, store_luma_p010,
                                    store_chroma_p010);
    convert_rgba16f_p010_c(tables, rows, x);
}

void convert_rgba16f_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = convert_blocks(tables, rows, from, load_srgb, &fr_matrix_bt709_8bit, store_luma_nv12,
                                    store_chroma_nv12);
    convert_rgba16f_nv12_c(tables, rows, x);
}
