/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_CODES_H
#define FR_CONVERT_CODES_H

/*
 * The second half of the C kernels that work in blocks of columns: codes computed, they are stored here.
 * A block's planes hold its columns and one neighbour either side: element 0 is the column left of the block.
 */

#include "convert/kernel.h"

enum {
    FR_BLOCK = 64, /* columns; even */
    FR_BLOCK_PLANE = FR_BLOCK + 2
};

typedef struct fr_codes {
    uint16_t luma[2][FR_BLOCK];
    uint16_t chroma[FR_BLOCK]; /* Cb and Cr in turn */
} fr_codes;

/* Stores `count` columns from column `x` on as 10-bit codes in the upper bits, or as 8-bit codes. */
void fr_codes_store_p010(const fr_codes *codes, const fr_convert_rows *rows, size_t x, size_t count);
void fr_codes_store_nv12(const fr_codes *codes, const fr_convert_rows *rows, size_t x, size_t count);

#endif
