/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX512_H
#define FR_CONVERT_X86_AVX512_H

/* What the AVX-512 kernels share. */

#include "convert/kernel.h"

#include <immintrin.h>

fr_convert_fn convert_bgra_nv12_avx512;
fr_convert_fn convert_rgba_nv12_avx512;
fr_convert_fn convert_rgb10a2_p010_avx512;
fr_convert_fn convert_rgba16f_p010_avx512;
fr_convert_fn convert_rgba16f_nv12_avx512;

/* 1 2 1 about the even columns of 32; *last carries the odd columns to the next 32. */
static inline __m512i filter_avx512(__m512i a, __m512i b, __m512i *last)
{
    const __m512i evens = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    const __m512i odds = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
    const __m512i even = _mm512_permutex2var_epi32(a, evens, b), odd = _mm512_permutex2var_epi32(a, odds, b);
    const __m512i sides = _mm512_add_epi16(odd, _mm512_alignr_epi32(odd, *last, 15));
    *last = odd;
    return _mm512_add_epi16(_mm512_slli_epi16(even, 1), sides);
}

/* Whether the rows ask for stores past the cache, and lie so that there can be. */
static inline bool streams_avx512(const fr_convert_rows *rows, size_t from_bytes)
{
    const uintptr_t low =
        (uintptr_t)rows->luma[0] | (uintptr_t)rows->luma[1] | (uintptr_t)rows->chroma | from_bytes;
    return rows->stream && low % sizeof(__m512i) == 0;
}

static inline void store_avx512(uint8_t *out, __m512i v, bool stream)
{
    if (stream)
        _mm512_stream_si512((void *)out, v);
    else
        _mm512_storeu_si512((void *)out, v);
}

#endif
