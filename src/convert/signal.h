/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_SIGNAL_H
#define FR_CONVERT_SIGNAL_H

/* What the C kernels have in common whose R'G'B' is floating point, in 0..1: all but the way to R'G'B'. */

#include "convert/codes.h"

/* A Y'CbCr encoding of y = kr r + kg g + kb b, b - y and r - y. */
typedef struct fr_matrix {
    float kr, kg, kb;
    float luma_scale, luma_offset;
    float cb_scale, cr_scale, chroma_offset; /* of a difference with the weights 1 2 1 and 1 1, not divided */
} fr_matrix;

/* Limited range; the offsets hold the half that rounds. */
extern const fr_matrix fr_matrix_bt709_8bit;
extern const fr_matrix fr_matrix_bt2020_10bit;

/* Makes the scRGB components of `count` pixels of RGBA16F, four to the pixel; at most FR_BLOCK_PLANE
 * pixels. */
void fr_scrgb_load(float *rgba, const uint8_t *src, size_t count);

typedef struct fr_signal_row {
    float *r, *g, *b;
} fr_signal_row;

/* Makes R'G'B' of `count` pixels from `src` on. */
typedef void fr_signal_load_fn(const fr_convert_tables *tables, const uint8_t *src, size_t count,
                               const fr_signal_row *out);

typedef void fr_codes_store_fn(const fr_codes *codes, const fr_convert_rows *rows, size_t x, size_t count);

/* A kernel from its parts; the source has 8 bytes to the pixel. */
void fr_signal_convert(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from,
                       fr_signal_load_fn *load, const fr_matrix *matrix, fr_codes_store_fn *store);

#endif
