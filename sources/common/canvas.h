/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_CANVAS_H
#define FRAMERING_SOURCES_CANVAS_H

/* Pixels in memory that one draws into. What lies outside the canvas is left out of every operation. */

#include <framering/format.h>

typedef struct fr_canvas {
    uint8_t *pixels;
    size_t pitch_bytes;
    uint32_t width, height;
    fr_format format;
    uint32_t pixel_bytes; /* 4 or 8 */
} fr_canvas;

/* On memory of the caller. */
fr_canvas fr_canvas_on(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height, fr_format format);

/* Fills a rectangle with one pixel value (colour.h). */
void fr_canvas_fill(const fr_canvas *canvas, fr_rect rect, uint64_t pixel);

/* Copies a rectangle from the same place of a canvas of the same size and format. */
void fr_canvas_restore(const fr_canvas *canvas, const fr_canvas *from, fr_rect rect);

/* Sets and reads one pixel, which must lie inside. */
void fr_canvas_set(const fr_canvas *canvas, uint32_t x, uint32_t y, uint64_t pixel);
uint64_t fr_canvas_get(const fr_canvas *canvas, uint32_t x, uint32_t y);

/* Sets a whole row to pixels[shades[0]], pixels[shades[1]] ... */
void fr_canvas_set_row(const fr_canvas *canvas, uint32_t y, const uint64_t *pixels, const int32_t *shades);

/* Text of digits, capitals and a few signs in a 5 by 7 font, `scale` pixels a dot. */
void fr_canvas_text(const fr_canvas *canvas, uint32_t x, uint32_t y, uint32_t scale, const char *text,
                    uint64_t pixel);

/* Width and height of such a text; the height is 7 dots. */
uint32_t fr_canvas_text_width(const char *text, uint32_t scale);

#endif
