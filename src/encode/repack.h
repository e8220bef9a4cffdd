/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_REPACK_H
#define FR_ENCODE_REPACK_H

/*
 * From the two-plane layouts of the out ring to the three planes that x265, SVT-AV1 and YUV4MPEG2 want.
 * Exact: no sample changes its value. Widths count samples of the plane that is written; every pitch is in
 * bytes.
 */

#include <stddef.h>
#include <stdint.h>

/* Interleaved 8 bit Cb, Cr to a plane each. */
void fr_repack_uv8(uint8_t *u, uint8_t *v, size_t out_pitch_bytes, const uint8_t *uv, size_t pitch_bytes,
                   size_t width, size_t height);

/* 16 bit words with the code in the upper ten bits to words with it in the lower ten. */
void fr_repack_y10(uint8_t *y, size_t out_pitch_bytes, const uint8_t *in, size_t pitch_bytes, size_t width,
                   size_t height);
void fr_repack_uv10(uint8_t *u, uint8_t *v, size_t out_pitch_bytes, const uint8_t *uv, size_t pitch_bytes,
                    size_t width, size_t height);

#endif
