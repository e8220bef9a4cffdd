/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/picture.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 32, NUMBER_BITS = 24 };

/* A colour of one pixel: red, green and blue in the format's own steps. */
static void put(uint8_t *at, fr_format format, const uint16_t rgb[3])
{
    if (format == FR_FORMAT_RGBA16F) {
        const uint16_t pixel[4] = {rgb[0], rgb[1], rgb[2], 0x3c00};
        memcpy(at, pixel, sizeof pixel);
    } else if (format == FR_FORMAT_RGB10A2) {
        const uint32_t pixel = 3u << 30 | (uint32_t)rgb[2] << 20 | (uint32_t)rgb[1] << 10 | (uint32_t)rgb[0];
        memcpy(at, &pixel, sizeof pixel);
    } else {
        const bool red_first = format == FR_FORMAT_RGBA8;
        const uint8_t pixel[4] = {(uint8_t)rgb[red_first ? 0 : 2], (uint8_t)rgb[1],
                                  (uint8_t)rgb[red_first ? 2 : 0], 0xff};
        memcpy(at, pixel, sizeof pixel);
    }
}

/* Levels of a channel, from black on; halves are scRGB. */
static uint16_t level(fr_format format, unsigned index)
{
    static const uint16_t half[] = {0x0000,         0x3000 /* 0.125 */, 0x3800 /* 0.5 */,
                                    0x3c00 /* 1 */, 0x4400 /* 4 */,     0x3a00 /* 0.75 */};
    static const uint16_t ten[] = {0, 128, 509, 723, 900, 300};
    static const uint16_t eight[] = {0, 64, 128, 255, 191, 16};
    index %= sizeof half / sizeof half[0];
    return format == FR_FORMAT_RGBA16F   ? half[index]
           : format == FR_FORMAT_RGB10A2 ? ten[index]
                                         : eight[index];
}

static uint32_t checksum(uint32_t number)
{
    return ((number ^ number >> 8 ^ number >> 16) * 0x9du + 0x5au) & 0xffu;
}

void picture_draw_number(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height, fr_format format,
                         uint32_t number)
{
    const uint32_t bits = (number & 0xffffffu) << 8 | checksum(number & 0xffffffu);
    const size_t pixel_bytes = fr_format_pixel_bytes(format);
    const uint16_t grey[2] = {level(format, 0), level(format, 3)};
    for (uint32_t x = 0; x < width; x++) {
        const uint32_t column = (uint32_t)((uint64_t)x * COLUMNS / width);
        const uint16_t value = grey[bits >> (COLUMNS - 1 - column) & 1u];
        put((uint8_t *)pixels + x * pixel_bytes, format, (const uint16_t[3]){value, value, value});
    }
    for (uint32_t y = 1; y < height; y++)
        memcpy((uint8_t *)pixels + y * pitch_bytes, pixels, width * pixel_bytes);
}

static unsigned luma_at(const fr_frame *frame, uint32_t x, uint32_t y)
{
    const uint8_t *row = frame->plane[0] + y * frame->pitch_bytes[0];
    if (frame->format == FR_FORMAT_NV12)
        return row[x];
    return (unsigned)(row[2 * x] | row[2 * x + 1] << 8) >> 6;
}

static uint32_t read_row(const fr_frame *frame, uint32_t y)
{
    /* Between black and what 1.0, or the same in PQ, becomes. */
    const unsigned middle = frame->format == FR_FORMAT_NV12 ? 96 : 280;
    uint32_t bits = 0;
    for (uint32_t column = 0; column < COLUMNS; column++) {
        const uint32_t x = (uint32_t)(((uint64_t)column * 2 + 1) * frame->width / (COLUMNS * 2));
        bits = bits << 1 | (luma_at(frame, x, y) > middle);
    }
    return bits;
}

bool picture_read_number(const fr_frame *frame, uint32_t *number)
{
    const uint32_t first = read_row(frame, 0);
    *number = first >> 8;
    if (checksum(*number) != (first & 0xffu))
        return false;
    for (uint32_t y = 1; y < frame->height; y++)
        if (read_row(frame, y) != first)
            return false;
    return true;
}

void picture_draw_squares(void *pixels, size_t pitch_bytes, uint32_t width, uint32_t height, fr_format format)
{
    const size_t pixel_bytes = fr_format_pixel_bytes(format);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t square = x / PICTURE_SQUARE + y / PICTURE_SQUARE * 29;
            const uint16_t rgb[3] = {level(format, square), level(format, square / 6),
                                     level(format, square / 36)};
            put((uint8_t *)pixels + y * pitch_bytes + x * pixel_bytes, format, rgb);
        }
}

static unsigned distance(unsigned a, unsigned b)
{
    return a > b ? a - b : b - a;
}

static unsigned code_at(const uint8_t *row, size_t index, fr_format format)
{
    return format == FR_FORMAT_NV12 ? row[index] : (unsigned)(row[2 * index] | row[2 * index + 1] << 8) >> 6;
}

static bool near_edge(uint32_t chroma_at)
{
    const uint32_t inside = chroma_at % (PICTURE_SQUARE / 2);
    return inside < 2 || inside >= PICTURE_SQUARE / 2 - 2;
}

struct picture_difference picture_compare(const fr_frame *frame, void *const plane[2],
                                          const ptrdiff_t pitch_bytes[2])
{
    struct picture_difference most = {0, 0};
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++) {
            const uint8_t *row = (const uint8_t *)plane[0] + (ptrdiff_t)y * pitch_bytes[0];
            const unsigned off = distance(luma_at(frame, x, y), code_at(row, x, frame->format));
            most.luma = off > most.luma ? off : most.luma;
        }
    for (uint32_t y = 0; y < frame->height / 2; y++)
        for (uint32_t x = 0; x < frame->width / 2 * 2; x++) {
            if (near_edge(y) || near_edge(x / 2))
                continue;
            const uint8_t *ours = (const uint8_t *)plane[1] + (ptrdiff_t)y * pitch_bytes[1];
            const uint8_t *theirs = frame->plane[1] + y * frame->pitch_bytes[1];
            const unsigned off = distance(code_at(theirs, x, frame->format), code_at(ours, x, frame->format));
            most.chroma = off > most.chroma ? off : most.chroma;
        }
    return most;
}
