/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_COPY_H
#define FR_CONVERT_X86_COPY_H

/* What the kernels that copy share. */

#include "convert/copy.h"
#include "convert/kernel.h"

#include <immintrin.h>
#include <string.h>

fr_copy_fn copy_row_sse41;
fr_copy_fn copy_row_avx2;

enum { FR_COPY_LINE = 64, FR_COPY_BLOCK = 4 * FR_COPY_LINE };

/* Copies one block of FR_COPY_BLOCK bytes to the start of a line. */
typedef void fr_copy_block_fn(uint8_t *out, const uint8_t *in);

FR_ALWAYS_INLINE void fr_copy_row(uint8_t *out, const uint8_t *in, size_t bytes, ptrdiff_t next_bytes,
                                  fr_copy_block_fn *copy_block)
{
    const size_t to_line = (size_t)(-(uintptr_t)out % FR_COPY_LINE), head = bytes < to_line ? bytes : to_line;
    const size_t most = 8192, distance = bytes < most ? bytes : most;
    memcpy(out, in, head);
    size_t at = head;
    for (; at + FR_COPY_BLOCK <= bytes; at += FR_COPY_BLOCK) {
        /* The last bytes of the row ask for the first of the next. */
        const ptrdiff_t ahead = at + distance < bytes
                                    ? (ptrdiff_t)distance
                                    : (next_bytes ? next_bytes - (ptrdiff_t)(bytes - distance) : 0);
        for (ptrdiff_t i = 0; i < FR_COPY_BLOCK; i += FR_COPY_LINE)
            _mm_prefetch((const char *)in + (ptrdiff_t)at + ahead + i, _MM_HINT_NTA);
        copy_block(out + at, in + at);
    }
    memcpy(out + at, in + at, bytes - at);
}

#endif
