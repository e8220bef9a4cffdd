/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <string.h>

/* Pixels each way that are turned together: what is read stays in the cache for the next row. */
enum { TILE = 32 };

fr_turn fr_turn_back(fr_turn turn)
{
    return (fr_turn)((4 - (int)turn) % 4);
}

fr_rect fr_turn_rect(fr_turn turn, fr_rect rect, uint32_t width, uint32_t height)
{
    switch (turn) {
    case FR_TURN_0: break;
    case FR_TURN_90: return (fr_rect){width - (rect.y + rect.height), rect.x, rect.height, rect.width};
    case FR_TURN_180:
        return (fr_rect){width - (rect.x + rect.width), height - (rect.y + rect.height), rect.width,
                         rect.height};
    case FR_TURN_270: return (fr_rect){rect.y, height - (rect.x + rect.width), rect.height, rect.width};
    }
    return rect;
}

/* Where the pixel of the turned picture comes from, and how far its right neighbour's is from there. */
static const uint8_t *origin_of(fr_turn turn, const fr_canvas *to, const fr_canvas *from, uint32_t x,
                                uint32_t y, ptrdiff_t *step_bytes)
{
    const ptrdiff_t pixel = (ptrdiff_t)from->pixel_bytes, pitch = (ptrdiff_t)from->pitch_bytes;
    uint32_t from_x = x, from_y = y;
    *step_bytes = pixel;
    if (turn == FR_TURN_90) {
        from_x = y;
        from_y = to->width - 1 - x;
        *step_bytes = -pitch;
    } else if (turn == FR_TURN_180) {
        from_x = to->width - 1 - x;
        from_y = to->height - 1 - y;
        *step_bytes = -pixel;
    } else if (turn == FR_TURN_270) {
        from_x = to->height - 1 - y;
        from_y = x;
        *step_bytes = pitch;
    }
    return from->pixels + from_y * pitch + from_x * pixel;
}

static void copy_row(fr_turn turn, const fr_canvas *to, const fr_canvas *from, uint32_t x, uint32_t y,
                     uint32_t width)
{
    ptrdiff_t step;
    const uint8_t *origin = origin_of(turn, to, from, x, y, &step);
    uint8_t *pixel = to->pixels + y * to->pitch_bytes + (size_t)x * to->pixel_bytes;
    if (to->pixel_bytes == 8)
        for (uint32_t i = 0; i < width; i++, pixel += 8)
            memcpy(pixel, origin + (ptrdiff_t)i * step, 8);
    else
        for (uint32_t i = 0; i < width; i++, pixel += 4)
            memcpy(pixel, origin + (ptrdiff_t)i * step, 4);
}

void fr_turn_copy(fr_turn turn, const fr_canvas *to, const fr_canvas *from, fr_rect rect)
{
    const uint32_t right = rect.x + rect.width, bottom = rect.y + rect.height;
    for (uint32_t top = rect.y; top < bottom; top += TILE)
        for (uint32_t left = rect.x; left < right; left += TILE)
            for (uint32_t y = top; y < bottom && y < top + TILE; y++)
                copy_row(turn, to, from, left, y, right - left < TILE ? right - left : TILE);
}
