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
