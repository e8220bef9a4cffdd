/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/repack.h"

/* One row at a time behind restrict pointers, which is what compilers need to vectorize these loops. */

static void row_uv8(uint8_t *restrict u, uint8_t *restrict v, const uint8_t *restrict uv, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        u[x] = uv[2 * x];
        v[x] = uv[2 * x + 1];
    }
}

static void row_y10(uint16_t *restrict y, const uint16_t *restrict in, size_t width)
{
    for (size_t x = 0; x < width; x++)
        y[x] = (uint16_t)(in[x] >> 6);
}

static void row_uv10(uint16_t *restrict u, uint16_t *restrict v, const uint16_t *restrict uv, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        u[x] = (uint16_t)(uv[2 * x] >> 6);
        v[x] = (uint16_t)(uv[2 * x + 1] >> 6);
    }
}

void fr_repack_uv8(uint8_t *u, uint8_t *v, size_t out_pitch_bytes, const uint8_t *uv, size_t pitch_bytes,
                   size_t width, size_t height)
{
    for (size_t y = 0; y < height; y++)
        row_uv8(u + y * out_pitch_bytes, v + y * out_pitch_bytes, uv + y * pitch_bytes, width);
}

void fr_repack_y10(uint8_t *y, size_t out_pitch_bytes, const uint8_t *in, size_t pitch_bytes, size_t width,
                   size_t height)
{
    for (size_t row = 0; row < height; row++)
        row_y10((void *)(y + row * out_pitch_bytes), (const void *)(in + row * pitch_bytes), width);
}

void fr_repack_uv10(uint8_t *u, uint8_t *v, size_t out_pitch_bytes, const uint8_t *uv, size_t pitch_bytes,
                    size_t width, size_t height)
{
    for (size_t y = 0; y < height; y++)
        row_uv10((void *)(u + y * out_pitch_bytes), (void *)(v + y * out_pitch_bytes),
                 (const void *)(uv + y * pitch_bytes), width);
}
