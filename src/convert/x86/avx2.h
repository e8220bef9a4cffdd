/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX2_H
#define FR_CONVERT_X86_AVX2_H

/*
 * What the AVX2 kernels share. Each takes 16 columns at a time as two vectors a, b of eight. Shuffles work
 * within the halves of a vector: packed columns stand in the order 0..3, 8..11, 4..7, 12..15, and chroma
 * samples in the order 0 1 4 5 2 3 6 7, until they are stored.
 */

#include "convert/kernel.h"

#include <immintrin.h>

fr_convert_fn convert_bgra_nv12_avx2;
fr_convert_fn convert_rgba_nv12_avx2;
fr_convert_fn convert_rgba16f_p010_avx2;
fr_convert_fn convert_rgb10a2_p010_avx2;
fr_convert_fn convert_rgba16f_nv12_avx2;

/* Whether the rows ask for stores past the cache, and lie so that there can be. */
static inline bool streams_avx2(const fr_convert_rows *rows, size_t from_bytes)
{
    const uintptr_t low =
        (uintptr_t)rows->luma[0] | (uintptr_t)rows->luma[1] | (uintptr_t)rows->chroma | from_bytes;
    return rows->stream && low % sizeof(__m256i) == 0;
}

static inline void store_avx2(uint8_t *out, __m256i v, bool stream)
{
    if (stream)
        _mm256_stream_si256((void *)out, v);
    else
        _mm256_storeu_si256((void *)out, v);
}

/* Even columns of a and b. */
static inline __m256 even_lanes(__m256 a, __m256 b)
{
    return _mm256_shuffle_ps(a, b, 0x88);
}

static inline __m256 odd_lanes(__m256 a, __m256 b)
{
    return _mm256_shuffle_ps(a, b, 0xdd);
}

/* Of odd lanes, the columns left of the even lanes; lane 0 has to come from the 16 columns before. */
static inline __m256 turn_left(__m256 odd)
{
    return _mm256_permutevar8x32_ps(odd, _mm256_setr_epi32(7, 0, 5, 2, 1, 4, 3, 6));
}

/* 1 2 1 about the even columns, in sums of 16 bits; *last carries column 15 to the next 16 columns, in
 * lane 0. */
static inline __m256i filter_lanes(__m256i a, __m256i b, __m256i *last)
{
    const __m256 fa = _mm256_castsi256_ps(a), fb = _mm256_castsi256_ps(b);
    const __m256 odd_ps = odd_lanes(fa, fb);
    const __m256i even = _mm256_castps_si256(even_lanes(fa, fb)), odd = _mm256_castps_si256(odd_ps);
    const __m256i turned = _mm256_castps_si256(turn_left(odd_ps));
    const __m256i left = _mm256_blend_epi32(turned, *last, 1);
    *last = turned;
    return _mm256_add_epi16(_mm256_add_epi16(even, even), _mm256_add_epi16(odd, left));
}

/* Bytes packed twice over, to the order of columns. */
static inline __m256i straighten_bytes(__m256i packed)
{
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

/* Codes of 16 columns of two rows, in 16-bit lanes. */
static inline void store_luma_nv12(const fr_convert_rows *rows, size_t x, __m256i y0, __m256i y1)
{
    const __m256i luma = straighten_bytes(_mm256_packus_epi16(y0, y1));
    _mm_storeu_si128((void *)(rows->luma[0] + x), _mm256_castsi256_si128(luma));
    _mm_storeu_si128((void *)(rows->luma[1] + x), _mm256_extracti128_si256(luma, 1));
}

static inline void store_luma_p010(const fr_convert_rows *rows, size_t x, __m256i y0, __m256i y1)
{
    const __m256i luma0 = _mm256_permute4x64_epi64(_mm256_slli_epi16(y0, 6), 0xd8);
    const __m256i luma1 = _mm256_permute4x64_epi64(_mm256_slli_epi16(y1, 6), 0xd8);
    _mm256_storeu_si256((void *)(rows->luma[0] + 2 * x), luma0);
    _mm256_storeu_si256((void *)(rows->luma[1] + 2 * x), luma1);
}

/* Codes of eight samples, in 32-bit lanes. */
static inline void store_chroma_nv12(const fr_convert_rows *rows, size_t x, __m256i cb, __m256i cr)
{
    const __m256i both = _mm256_or_si256(cb, _mm256_slli_epi32(cr, 8));
    const __m256i chroma = straighten_bytes(_mm256_packus_epi32(both, both));
    _mm_storeu_si128((void *)(rows->chroma + x), _mm256_castsi256_si128(chroma));
}

static inline void store_chroma_p010(const fr_convert_rows *rows, size_t x, __m256i cb, __m256i cr)
{
    const __m256i both = _mm256_or_si256(_mm256_slli_epi32(cb, 6), _mm256_slli_epi32(cr, 16 + 6));
    _mm256_storeu_si256((void *)(rows->chroma + 2 * x), _mm256_permute4x64_epi64(both, 0xd8));
}

#endif
