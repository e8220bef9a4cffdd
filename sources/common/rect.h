/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_RECT_H
#define FRAMERING_SOURCES_RECT_H

#include <framering/format.h>

/* What lies in one, both or neither of two rectangles' bounding boxes; empty ones count for nothing. */
fr_rect fr_rect_union(fr_rect a, fr_rect b);

/* The part of a rectangle, given by signed corners, that lies in a picture. */
fr_rect fr_rect_clip(int32_t x, int32_t y, int32_t width, int32_t height, uint32_t in_width,
                     uint32_t in_height);

/* More than the library tells apart. All zero: none. */
enum { FR_RECTS_MAX = 64 };
typedef struct fr_rects {
    uint32_t count;
    fr_rect rect[FR_RECTS_MAX];
} fr_rects;

/* An empty one adds nothing. Where the list is full its last one grows. */
void fr_rects_add(fr_rects *rects, fr_rect rect);
void fr_rects_add_all(fr_rects *rects, const fr_rects *others);
fr_rect fr_rects_bounds(const fr_rects *rects);

#endif
