/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/copy.h"

static inline void copy_block(uint8_t *out, const uint8_t *in)
{
    enum { NUM = FR_COPY_BLOCK / sizeof(__m128i) };
    __m128i v[NUM];
    for (size_t i = 0; i < NUM; i++)
        v[i] = _mm_loadu_si128((const void *)(in + i * sizeof(v[0])));
    for (size_t i = 0; i < NUM; i++)
        _mm_stream_si128((void *)(out + i * sizeof(v[0])), v[i]);
}

void copy_row_sse41(uint8_t *out, const uint8_t *in, size_t bytes, ptrdiff_t next_bytes)
{
    fr_copy_row(out, in, bytes, next_bytes, copy_block);
}
