/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/copy.h"

static inline void copy_block(uint8_t *out, const uint8_t *in)
{
    enum { NUM = FR_COPY_BLOCK / sizeof(__m256i) };
    __m256i v[NUM];
    for (size_t i = 0; i < NUM; i++)
        v[i] = _mm256_loadu_si256((const void *)(in + i * sizeof(v[0])));
    for (size_t i = 0; i < NUM; i++)
        _mm256_stream_si256((void *)(out + i * sizeof(v[0])), v[i]);
}

void copy_row_avx2(uint8_t *out, const uint8_t *in, size_t bytes, ptrdiff_t next_bytes)
{
    fr_copy_row(out, in, bytes, next_bytes, copy_block);
}
