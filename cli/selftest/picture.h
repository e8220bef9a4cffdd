/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_PICTURE_H
#define FR_CLI_SELFTEST_PICTURE_H

/* Pictures that both processes of a row know. Ring formats in, frames out. */

#include <framering/frame.h>

/* A number in every row of pixels: 32 columns, black or white, 24 bits and a checksum. A torn picture has
 * rows that differ. Widths from 64 on. */
void picture_draw_number(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height, fr_format format,
                         uint32_t number);
/* False: some row is not readable, or they differ. */
bool picture_read_number(const fr_frame *frame, uint32_t *number);

/* Squares of PICTURE_SQUARE pixels, each of one colour: the corners of the format's range and what lies
 * between. The same for every call. */
enum { PICTURE_SQUARE = 16 };
void picture_draw_squares(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height,
                          fr_format format);

struct picture_difference {
    unsigned luma, chroma; /* the largest, in codes */
};

/* Compares a frame with the planes of a converter's result of the same size and format. Chroma within two
 * samples of a square's edge is not looked at: how it is filtered is not every converter's same. */
struct picture_difference picture_compare(const fr_frame *frame, void *const plane[2],
                                          const ptrdiff_t pitch_bytes[2]);

#endif
