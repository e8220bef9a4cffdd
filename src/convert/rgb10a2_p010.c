/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/rgb10a2_p010.h"
#include "convert/codes.h"

typedef struct code_block {
    int32_t r[2][FR_BLOCK_PLANE], g[2][FR_BLOCK_PLANE], b[2][FR_BLOCK_PLANE];
} code_block;

static void load_row(const uint8_t *src, size_t count, int32_t *r, int32_t *g, int32_t *b)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t word;
        memcpy(&word, src + 4 * i, sizeof(word));
        r[i] = (int32_t)(word & 1023);
        g[i] = (int32_t)(word >> 10 & 1023);
        b[i] = (int32_t)(word >> 20 & 1023);
    }
}

/* Columns x .. x + count - 1, the column left of them, and, at an odd width's end, the last column again. */
static void load_block(code_block *block, const fr_convert_rows *rows, size_t x, size_t count)
{
    for (int row = 0; row < 2; row++) {
        int32_t *const r = block->r[row], *const g = block->g[row], *const b = block->b[row];
        const size_t at = x ? 0 : 1;
        load_row(rows->src[row] + 4 * (x + at - 1), count + 1 - at, r + at, g + at, b + at);
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

static int32_t filtered(const int32_t plane[2][FR_BLOCK_PLANE], size_t left)
{
    const int32_t *const a = plane[0] + left, *const b = plane[1] + left;
    return a[0] + 2 * a[1] + a[2] + b[0] + 2 * b[1] + b[2];
}

static void encode_block(fr_codes *codes, const code_block *p, size_t count)
{
    for (int row = 0; row < 2; row++)
        for (size_t i = 0; i < count; i++) {
            const int32_t sum =
                LUMA_R * p->r[row][i + 1] + LUMA_G * p->g[row][i + 1] + LUMA_B * p->b[row][i + 1];
            codes->luma[row][i] = (uint16_t)((sum + LUMA_BIAS) >> LUMA_SHIFT);
        }
    for (size_t i = 0; i < count; i += 2) {
        const int32_t r = filtered(p->r, i), g = filtered(p->g, i), b = filtered(p->b, i);
        codes->chroma[i] = (uint16_t)((CB_R * r + CB_G * g + CB_B * b + CHROMA_BIAS) >> CHROMA_SHIFT);
        codes->chroma[i + 1] = (uint16_t)((CR_R * r + CR_G * g + CR_B * b + CHROMA_BIAS) >> CHROMA_SHIFT);
    }
}

void convert_rgb10a2_p010_c(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    (void)tables;
    for (size_t x = from; x < rows->width; x += FR_BLOCK) {
        const size_t left = rows->width - x, count = left < FR_BLOCK ? left : FR_BLOCK;
        code_block block;
        fr_codes codes;
        load_block(&block, rows, x, count);
        encode_block(&codes, &block, count);
        fr_codes_store_p010(&codes, rows, x, count);
    }
}
