/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX512_H
#define FR_CONVERT_X86_AVX512_H

/* What the AVX-512 kernels share. */

#include "convert/kernel.h"

#include <immintrin.h>

fr_convert_fn convert_bgra_nv12_avx512;
fr_convert_fn convert_rgba_nv12_avx512;

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
