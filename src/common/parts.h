/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_COMMON_PARTS_H
#define FR_COMMON_PARTS_H

/* A bounded list of rectangles in a picture: what changed in it, or what is to be converted of it. */

#include <framering/format.h>

enum { FR_PARTS_MAX = 16 };

/* All zero: nothing. They may overlap, where one around both would be larger than the two. */
struct fr_parts {
    uint32_t count;
    fr_rect rect[FR_PARTS_MAX];
};

/* Afterwards the list covers `rect`, which lies in a picture, too; an empty one adds nothing. What is no
 * larger together is joined. Where the list is full, the two are joined whose bounds cover the least beside
 * them. */
void fr_parts_add(struct fr_parts *parts, fr_rect rect);

/* How many pixels they are, counting twice what lies in two. */
uint64_t fr_parts_area(const struct fr_parts *parts);

/* The smallest rectangle around all of them; an empty one around nothing. */
fr_rect fr_parts_bounds(const struct fr_parts *parts);

/* True when `rect`, whose numbers may be anybody's, lies in a picture of that size. */
bool fr_rect_fits(const fr_rect *rect, uint32_t width, uint32_t height);

#endif
