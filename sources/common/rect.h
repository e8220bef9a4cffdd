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

#endif
