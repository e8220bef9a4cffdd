/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* H.264 without loss: ITU-T H.264, 7.3.4 (slice data, CAVLC) and 7.3.5 (I_PCM). */
#include "fake_va_inside.h"

#include <stdlib.h>
#include <string.h>

/* mb_type of I_PCM, which comes after the five of P in a P slice: table 7-11, table 7-13. */
enum { I_PCM = 25, I_PCM_IN_P = 5 + 25, START_CODE = 3 };

struct bits {
    uint8_t *out;
    size_t count;
};

static void put_bit(struct bits *bits, unsigned bit)
{
    uint8_t *const at = &bits->out[bits->count / 8];
    const unsigned shift = 7u - (unsigned)(bits->count++ % 8);
    *at = (uint8_t)((*at & ~(1u << shift)) | (bit & 1) << shift);
}

static void put_ue(struct bits *bits, uint32_t value)
{
    int length = 0;
    while ((value + 1) >> (length + 1))
        length++;
    for (int i = 0; i < length; i++)
        put_bit(bits, 0);
    for (int i = length; i >= 0; i--)
        put_bit(bits, (value + 1) >> i);
}

static void align(struct bits *bits)
{
    while (bits->count % 8)
        put_bit(bits, 0);
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

/* Beyond the picture its last row and column go on. `step`: bytes from sample to sample. */
static void put_block(struct bits *bits, const uint8_t *plane, size_t pitch, size_t step, size_t x, size_t y,
                      size_t side, size_t width, size_t height)
{
    for (size_t i = 0; i < side; i++)
        for (size_t j = 0; j < side; j++, bits->count += 8)
            bits->out[bits->count / 8] =
                plane[at_most(y + i, height - 1) * pitch + at_most(x + j, width - 1) * step];
}

static void put_macroblock(struct bits *bits, const struct fake_va_surface *s, size_t column, size_t row,
                           bool intra)
{
    if (!intra)
        put_ue(bits, 0); /* mb_skip_run */
    put_ue(bits, intra ? I_PCM : I_PCM_IN_P);
    align(bits);
    put_block(bits, s->plane[0], s->pitch[0], 1, 16 * column, 16 * row, 16, s->width, s->height);
    for (size_t i = 0; i < 2; i++)
        put_block(bits, s->plane[1] + i, s->pitch[1], 2, 8 * column, 8 * row, 8, s->width / 2, s->height / 2);
}

/* Without emulation prevention: 7.3.1. */
static void put_header(struct bits *bits, const uint8_t *header, size_t header_bits)
{
    size_t zeros = 0;
    for (size_t i = 0; i < header_bits / 8 + (header_bits % 8 != 0); i++) {
        if (zeros >= 2 && header[i] == 3) {
            zeros = 0;
            continue;
        }
        zeros = header[i] ? 0 : zeros + 1;
        const size_t left = header_bits - 8 * i;
        for (size_t j = 0; j < (left < 8 ? left : 8); j++)
            put_bit(bits, header[i] >> (7 - j));
    }
}

static size_t escape(const uint8_t *in, size_t bytes, uint8_t *out, size_t room)
{
    size_t zeros = 0, done = 0;
    for (size_t i = 0; i < bytes && done + 2 <= room; i++) {
        if (zeros >= 2 && in[i] <= 3) {
            out[done++] = 3;
            zeros = 0;
        }
        zeros = in[i] ? 0 : zeros + 1;
        out[done++] = in[i];
    }
    return done;
}

size_t fake_va_pcm_slice(const struct fake_va_surface *surface, uint32_t columns, uint32_t rows, bool intra,
                         const uint8_t *header, size_t header_bits, uint8_t *out, size_t room)
{
    const size_t start = header[2] == 1 ? START_CODE : START_CODE + 1;
    struct bits all = {.out = calloc((size_t)columns * rows + 2, 400)};
    put_header(&all, header + start, header_bits - 8 * start);
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++)
            put_macroblock(&all, surface, x, y, intra);
    put_bit(&all, 1); /* rbsp_trailing_bits */
    align(&all);
    memcpy(out, header, start);
    const size_t bytes = escape(all.out, all.count / 8, out + start, room - start);
    free(all.out);
    return start + bytes;
}
