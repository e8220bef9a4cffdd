/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "canvas.h"

#include <string.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 7, FONT_ADVANCE = 6 };

/* One byte a row from the top, the leftmost dot in bit 4. */
static const struct {
    char sign;
    uint8_t rows[FONT_HEIGHT];
} font[] = {
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}}, {'3', {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'A', {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}}, {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}},
    {'C', {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e}}, {'D', {0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e}},
    {'E', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f}}, {'F', {0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10}},
    {'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f}}, {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}},
    {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'J', {0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c}},
    {'K', {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}}, {'N', {0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11}},
    {'O', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'Q', {0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d}}, {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e}}, {'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04}},
    {'U', {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'V', {0x11, 0x11, 0x11, 0x11, 0x11, 0x0a, 0x04}},
    {'W', {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11}}, {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11}},
    {'Y', {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04}}, {'Z', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}}, {'#', {0x0a, 0x0a, 0x1f, 0x0a, 0x1f, 0x0a, 0x0a}},
    {'-', {0x00, 0x00, 0x00, 0x0e, 0x00, 0x00, 0x00}}, {':', {0x00, 0x0c, 0x0c, 0x00, 0x0c, 0x0c, 0x00}},
};

fr_canvas fr_canvas_on(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height, fr_format format)
{
    return (fr_canvas){
        .pixels = pixels,
        .pitch_bytes = pitch_bytes,
        .width = width,
        .height = height,
        .format = format,
        .pixel_bytes = format == FR_FORMAT_RGBA16F ? 8 : 4,
    };
}

static bool clip(const fr_canvas *canvas, fr_rect *rect)
{
    if (rect->x >= canvas->width || rect->y >= canvas->height || !rect->width || !rect->height)
        return false;
    if (rect->width > canvas->width - rect->x)
        rect->width = canvas->width - rect->x;
    if (rect->height > canvas->height - rect->y)
        rect->height = canvas->height - rect->y;
    return true;
}

static uint8_t *pixel_at(const fr_canvas *canvas, uint32_t x, uint32_t y)
{
    return canvas->pixels + (size_t)y * canvas->pitch_bytes + (size_t)x * canvas->pixel_bytes;
}

void fr_canvas_set(const fr_canvas *canvas, uint32_t x, uint32_t y, uint64_t pixel)
{
    const uint32_t low = (uint32_t)pixel;
    if (canvas->pixel_bytes == 8)
        memcpy(pixel_at(canvas, x, y), &pixel, sizeof(pixel));
    else
        memcpy(pixel_at(canvas, x, y), &low, sizeof(low));
}

uint64_t fr_canvas_get(const fr_canvas *canvas, uint32_t x, uint32_t y)
{
    uint64_t pixel = 0;
    uint32_t low;
    if (canvas->pixel_bytes == 8) {
        memcpy(&pixel, pixel_at(canvas, x, y), sizeof(pixel));
        return pixel;
    }
    memcpy(&low, pixel_at(canvas, x, y), sizeof(low));
    return low;
}

void fr_canvas_set_row(const fr_canvas *canvas, uint32_t y, const uint64_t *pixels, const int32_t *shades)
{
    uint8_t *row = pixel_at(canvas, 0, y);
    if (canvas->pixel_bytes == 8) {
        for (uint32_t x = 0; x < canvas->width; x++)
            memcpy(row + (size_t)x * 8, &pixels[shades[x]], 8);
        return;
    }
    for (uint32_t x = 0; x < canvas->width; x++) {
        const uint32_t low = (uint32_t)pixels[shades[x]];
        memcpy(row + (size_t)x * 4, &low, 4);
    }
}

void fr_canvas_fill(const fr_canvas *canvas, fr_rect rect, uint64_t pixel)
{
    if (!clip(canvas, &rect))
        return;
    for (uint32_t x = 0; x < rect.width; x++)
        fr_canvas_set(canvas, rect.x + x, rect.y, pixel);
    const uint8_t *first = pixel_at(canvas, rect.x, rect.y);
    for (uint32_t y = 1; y < rect.height; y++)
        memcpy(pixel_at(canvas, rect.x, rect.y + y), first, (size_t)rect.width * canvas->pixel_bytes);
}

void fr_canvas_restore(const fr_canvas *canvas, const fr_canvas *from, fr_rect rect)
{
    if (!clip(canvas, &rect))
        return;
    for (uint32_t y = rect.y; y < rect.y + rect.height; y++)
        memcpy(pixel_at(canvas, rect.x, y), pixel_at(from, rect.x, y),
               (size_t)rect.width * canvas->pixel_bytes);
}

static void draw_sign(const fr_canvas *canvas, uint32_t x, uint32_t y, uint32_t scale, const uint8_t *rows,
                      uint64_t pixel)
{
    for (uint32_t row = 0; row < FONT_HEIGHT; row++)
        for (uint32_t column = 0; column < FONT_WIDTH; column++)
            if (rows[row] >> (FONT_WIDTH - 1 - column) & 1)
                fr_canvas_fill(canvas, (fr_rect){x + column * scale, y + row * scale, scale, scale}, pixel);
}

void fr_canvas_text(const fr_canvas *canvas, uint32_t x, uint32_t y, uint32_t scale, const char *text,
                    uint64_t pixel)
{
    for (; *text; text++, x += FONT_ADVANCE * scale)
        for (size_t i = 0; i < sizeof(font) / sizeof(font[0]); i++)
            if (font[i].sign == *text)
                draw_sign(canvas, x, y, scale, font[i].rows, pixel);
}

uint32_t fr_canvas_text_width(const char *text, uint32_t scale)
{
    return (uint32_t)strlen(text) * FONT_ADVANCE * scale;
}
