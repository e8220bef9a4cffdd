/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/signal.h"
#include "convert/half.h"

#include <string.h>

#define CHROMA_SCALE(range, k) ((float)((range) / (2 * (1 - (k))) / 8))

const fr_matrix fr_matrix_bt709_8bit = {
    .kr = 0.2126f,
    .kg = 0.7152f,
    .kb = 0.0722f,
    .luma_scale = 219,
    .luma_offset = 16.5f,
    .cb_scale = CHROMA_SCALE(224, 0.0722),
    .cr_scale = CHROMA_SCALE(224, 0.2126),
    .chroma_offset = 128.5f,
};

const fr_matrix fr_matrix_bt2020_10bit = {
    .kr = 0.2627f,
    .kg = 0.6780f,
    .kb = 0.0593f,
    .luma_scale = 876,
    .luma_offset = 64.5f,
    .cb_scale = CHROMA_SCALE(896, 0.0593),
    .cr_scale = CHROMA_SCALE(896, 0.2627),
    .chroma_offset = 512.5f,
};

void fr_scrgb_load(float *rgba, const uint8_t *src, size_t count)
{
    uint16_t halves[4 * FR_BLOCK_PLANE];
    memcpy(halves, src, 8 * count);
    for (size_t i = 0; i < 4 * count; i++)
        rgba[i] = fr_scrgb_from_half(halves[i]);
}

/* [row][column]; element 0 is the column left of the block. */
typedef struct signal_block {
    float r[2][FR_BLOCK_PLANE], g[2][FR_BLOCK_PLANE], b[2][FR_BLOCK_PLANE];
} signal_block;

/* Columns x .. x + count - 1 and a neighbour either side; the picture's edge is its own neighbour. The right
 * one is wanted at an odd width's end only. */
static void load_block(signal_block *block, const fr_convert_tables *tables, const fr_convert_rows *rows,
                       size_t x, size_t count, fr_signal_load_fn *load)
{
    for (int row = 0; row < 2; row++) {
        float *const r = block->r[row], *const g = block->g[row], *const b = block->b[row];
        const size_t at = x ? 0 : 1;
        const fr_signal_row out = {r + at, g + at, b + at};
        load(tables, rows->src[row] + 8 * (x + at - 1), count + 1 - at, &out);
        if (at) {
            r[0] = r[1];
            g[0] = g[1];
            b[0] = b[1];
        }
        r[count + 1] = r[count];
        g[count + 1] = g[count];
        b[count + 1] = b[count];
    }
}

static void encode_block(fr_codes *codes, const signal_block *block, const fr_matrix *m, size_t count)
{
    float y[2][FR_BLOCK_PLANE], blue[FR_BLOCK_PLANE], red[FR_BLOCK_PLANE];
    for (int row = 0; row < 2; row++) {
        for (size_t i = 0; i < count + 2; i++)
            y[row][i] = m->kr * block->r[row][i] + m->kg * block->g[row][i] + m->kb * block->b[row][i];
        for (size_t i = 0; i < count; i++)
            codes->luma[row][i] = (uint16_t)(int32_t)(m->luma_scale * y[row][i + 1] + m->luma_offset);
    }
    for (size_t i = 0; i < count + 2; i++) {
        blue[i] = block->b[0][i] + block->b[1][i] - (y[0][i] + y[1][i]);
        red[i] = block->r[0][i] + block->r[1][i] - (y[0][i] + y[1][i]);
    }
    for (size_t i = 0; i < count; i += 2) {
        const float cb = blue[i] + 2 * blue[i + 1] + blue[i + 2];
        const float cr = red[i] + 2 * red[i + 1] + red[i + 2];
        codes->chroma[i] = (uint16_t)(int32_t)(m->cb_scale * cb + m->chroma_offset);
        codes->chroma[i + 1] = (uint16_t)(int32_t)(m->cr_scale * cr + m->chroma_offset);
    }
}

void fr_signal_convert(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from,
                       fr_signal_load_fn *load, const fr_matrix *matrix, fr_codes_store_fn *store)
{
    for (size_t x = from; x < rows->width; x += FR_BLOCK) {
        const size_t left = rows->width - x, count = left < FR_BLOCK ? left : FR_BLOCK;
        signal_block block;
        fr_codes codes;
        load_block(&block, tables, rows, x, count, load);
        encode_block(&codes, &block, matrix, count);
        store(&codes, rows, x, count);
    }
}
