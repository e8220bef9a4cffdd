/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_CONVERT_ZIMG_ROWS_H
#define PEERS_CONVERT_ZIMG_ROWS_H

#include <stddef.h>
#include <stdint.h>

/* Between packed and planar rows, columns first to end - 1. As wide as the machine is, for a slow copy would
 * be held against zimg. */
#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default"))) static
#else
#define WIDE static
#endif

WIDE void split_bgra(const uint8_t *packed, uint8_t *restrict r, uint8_t *restrict g, uint8_t *restrict b,
                     size_t first, size_t end)
{
    for (size_t x = first; x < end; x++) {
        b[x] = packed[4 * x];
        g[x] = packed[4 * x + 1];
        r[x] = packed[4 * x + 2];
    }
}

WIDE void split_rgba16(const uint16_t *packed, uint16_t *restrict r, uint16_t *restrict g,
                       uint16_t *restrict b, size_t first, size_t end)
{
    for (size_t x = first; x < end; x++) {
        r[x] = packed[4 * x];
        g[x] = packed[4 * x + 1];
        b[x] = packed[4 * x + 2];
    }
}

WIDE void merge_8(const uint8_t *cb, const uint8_t *cr, uint8_t *restrict chroma, size_t first, size_t end)
{
    for (size_t x = first; x < end; x++) {
        chroma[2 * x] = cb[x];
        chroma[2 * x + 1] = cr[x];
    }
}

/* Ten bits at the bottom of a word to ten bits at its top. */
WIDE void raise_10(const uint16_t *luma, uint16_t *restrict raised, size_t first, size_t end)
{
    for (size_t x = first; x < end; x++)
        raised[x] = (uint16_t)(luma[x] << 6);
}

WIDE void merge_10(const uint16_t *cb, const uint16_t *cr, uint16_t *restrict chroma, size_t first,
                   size_t end)
{
    for (size_t x = first; x < end; x++) {
        chroma[2 * x] = (uint16_t)(cb[x] << 6);
        chroma[2 * x + 1] = (uint16_t)(cr[x] << 6);
    }
}

#undef WIDE
#endif
