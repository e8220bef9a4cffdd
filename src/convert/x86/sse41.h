/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_SSE41_H
#define FR_CONVERT_X86_SSE41_H

/* What the SSE4.1 kernels share. */

#include "convert/kernel.h"

#include <immintrin.h>

fr_convert_fn convert_bgra_nv12_sse41;
fr_convert_fn convert_rgba_nv12_sse41;
fr_convert_fn convert_rgb10a2_p010_sse41;
fr_convert_fn convert_rgba16f_p010_sse41;
fr_convert_fn convert_rgba16f_nv12_sse41;

/* Whether the rows ask for stores past the cache, and lie so that there can be. */
static inline bool streams_sse41(const fr_convert_rows *rows, size_t from_bytes)
{
    const uintptr_t low =
        (uintptr_t)rows->luma[0] | (uintptr_t)rows->luma[1] | (uintptr_t)rows->chroma | from_bytes;
    return rows->stream && low % sizeof(__m128i) == 0;
}

static inline void store_sse41(uint8_t *out, __m128i v, bool stream)
{
    if (stream)
        _mm_stream_si128((void *)out, v);
    else
        _mm_storeu_si128((void *)out, v);
}

/* 1 2 1 about the even columns of eight, in sums of 16 bits; *last carries the odd columns to the next eight.
 */
static inline __m128i filter_sse41(__m128i a, __m128i b, __m128i *last)
{
    const __m128 fa = _mm_castsi128_ps(a), fb = _mm_castsi128_ps(b);
    const __m128i even = _mm_castps_si128(_mm_shuffle_ps(fa, fb, 0x88));
    const __m128i odd = _mm_castps_si128(_mm_shuffle_ps(fa, fb, 0xdd));
    const __m128i left = _mm_alignr_epi8(odd, *last, 12);
    *last = odd;
    return _mm_add_epi16(_mm_add_epi16(even, even), _mm_add_epi16(odd, left));
}

#endif
