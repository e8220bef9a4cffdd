/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/codes.h"

#include <string.h>

static void store_10bit(uint8_t *out, const uint16_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint16_t word = (uint16_t)(codes[i] << 6);
        memcpy(out + 2 * i, &word, sizeof(word));
    }
}

static void store_8bit(uint8_t *out, const uint16_t *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)codes[i];
}

void fr_codes_store_p010(const fr_codes *codes, const fr_convert_rows *rows, size_t x, size_t count)
{
    store_10bit(rows->luma[0] + 2 * x, codes->luma[0], count);
    store_10bit(rows->luma[1] + 2 * x, codes->luma[1], count);
    store_10bit(rows->chroma + 2 * x, codes->chroma, (count + 1) / 2 * 2);
}

void fr_codes_store_nv12(const fr_codes *codes, const fr_convert_rows *rows, size_t x, size_t count)
{
    store_8bit(rows->luma[0] + x, codes->luma[0], count);
    store_8bit(rows->luma[1] + x, codes->luma[1], count);
    store_8bit(rows->chroma + x, codes->chroma, (count + 1) / 2 * 2);
}
