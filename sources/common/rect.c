/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "rect.h"

fr_rect fr_rect_union(fr_rect a, fr_rect b)
{
    if (!a.width || !a.height)
        return b;
    if (!b.width || !b.height)
        return a;
    const uint32_t left = a.x < b.x ? a.x : b.x, top = a.y < b.y ? a.y : b.y;
    const uint32_t right = a.x + a.width > b.x + b.width ? a.x + a.width : b.x + b.width;
    const uint32_t bottom = a.y + a.height > b.y + b.height ? a.y + a.height : b.y + b.height;
    return (fr_rect){left, top, right - left, bottom - top};
}

fr_rect fr_rect_clip(int32_t x, int32_t y, int32_t width, int32_t height, uint32_t in_width,
                     uint32_t in_height)
{
    /* Corners may lie anywhere: their sums need more than 32 bits. */
    const int64_t left = x < 0 ? 0 : x, top = y < 0 ? 0 : y;
    const int64_t right = (int64_t)x + width < in_width ? (int64_t)x + width : in_width;
    const int64_t bottom = (int64_t)y + height < in_height ? (int64_t)y + height : in_height;
    if (right <= left || bottom <= top)
        return (fr_rect){0};
    return (fr_rect){(uint32_t)left, (uint32_t)top, (uint32_t)(right - left), (uint32_t)(bottom - top)};
}

void fr_rects_add(fr_rects *rects, fr_rect rect)
{
    if (!rect.width || !rect.height)
        return;
    if (rects->count < FR_RECTS_MAX) {
        rects->rect[rects->count++] = rect;
        return;
    }
    fr_rect *last = &rects->rect[FR_RECTS_MAX - 1];
    *last = fr_rect_union(*last, rect);
}

void fr_rects_add_all(fr_rects *rects, const fr_rects *others)
{
    for (uint32_t i = 0; i < others->count; i++)
        fr_rects_add(rects, others->rect[i]);
}

fr_rect fr_rects_bounds(const fr_rects *rects)
{
    fr_rect all = {0};
    for (uint32_t i = 0; i < rects->count; i++)
        all = fr_rect_union(all, rects->rect[i]);
    return all;
}
