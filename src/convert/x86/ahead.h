/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AHEAD_H
#define FR_CONVERT_X86_AHEAD_H

/*
 * Asks for the source before it is needed. The processor's own prefetchers end at a page's end, and a row has
 * few pages; without this a kernel waits for memory half of its time. Past the end of a row the next pair of
 * rows is asked for. Into the first cache only: nothing reads a source twice.
 */

#include "convert/kernel.h"

#include <immintrin.h>

typedef struct fr_ahead {
    size_t turn; /* from this byte of a row on, `wrapped` is the distance */
    ptrdiff_t distance, wrapped;
} fr_ahead;

static inline fr_ahead fr_ahead_init(const fr_convert_rows *rows, size_t from, size_t pixel_bytes)
{
    const size_t bytes = (rows->width - from) * pixel_bytes, most = 10240;
    const size_t distance = bytes < most ? bytes : most;
    return (fr_ahead){
        .turn = rows->width * pixel_bytes - distance,
        .distance = (ptrdiff_t)distance,
        .wrapped = rows->next_bytes ? rows->next_bytes - (ptrdiff_t)(bytes - distance) : 0,
    };
}

/* Asks for what follows the `count` bytes, a multiple of 64, at byte `at` of one row. */
FR_ALWAYS_INLINE void fr_ahead_fetch_row(const fr_ahead *ahead, const fr_convert_rows *rows, int row,
                                         size_t at, size_t count)
{
    const ptrdiff_t offset = (ptrdiff_t)at + (at < ahead->turn ? ahead->distance : ahead->wrapped);
    for (size_t i = 0; i < count; i += 64)
        _mm_prefetch((const char *)rows->src[row] + offset + (ptrdiff_t)i, _MM_HINT_NTA);
}

/* The same of both rows. */
FR_ALWAYS_INLINE void fr_ahead_fetch(const fr_ahead *ahead, const fr_convert_rows *rows, size_t at,
                                     size_t count)
{
    for (int row = 0; row < 2; row++)
        fr_ahead_fetch_row(ahead, rows, row, at, count);
}

#endif
