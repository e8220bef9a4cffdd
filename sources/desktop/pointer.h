/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_POINTER_H
#define FRAMERING_SOURCES_DESKTOP_POINTER_H

/* The pointer, which Windows does not draw into the picture that it hands out. */

#include "common/canvas.h"

/* DXGI's numbers. */
typedef enum fr_pointer_kind {
    FR_POINTER_MONOCHROME = 1, /* a bit a pixel: a mask of what stays, below it a mask of what is inverted */
    FR_POINTER_COLOUR = 2,     /* BGRA, not premultiplied */
    FR_POINTER_MASKED = 4      /* BGRA: alpha 0 replaces the pixel, else it is inverted where bits are set */
} fr_pointer_kind;

typedef struct fr_pointer_shape {
    fr_pointer_kind kind;
    uint32_t width, height; /* as drawn: that of one mask */
    size_t pitch_bytes;
} fr_pointer_shape;

/* All zero: none. */
typedef struct fr_pointer {
    bool visible;
    int32_t x, y; /* of the upper left corner, not of the hot spot */
    fr_pointer_shape shape;
    uint8_t *pixels; /* NULL: no shape yet */
    uint32_t number; /* of the shape: counts their changes */
} fr_pointer;

void fr_pointer_finish(fr_pointer *pointer);

/* Takes a copy of `pixels`. False: not a shape that can be drawn, or no memory; there is none then. */
bool fr_pointer_set_shape(fr_pointer *pointer, const fr_pointer_shape *shape, const void *pixels,
                          size_t bytes);

/* What it covers of a picture of that size. */
fr_rect fr_pointer_rect(const fr_pointer *pointer, uint32_t width, uint32_t height);

/* Draws it on a canvas in BGRA8 or RGBA16F that shows a part of the picture, from x, y on. `white`: what the
 * white of SDR is in scRGB, for RGBA16F. */
void fr_pointer_draw(const fr_pointer *pointer, const fr_canvas *canvas, uint32_t x, uint32_t y, float white);

#endif
