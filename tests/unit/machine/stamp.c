/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/stamp.h"

#include <string.h>

/* Halfs of grey scRGB, and their P010 luma: spec'd reference codes. */
static const struct {
    uint16_t half;
    int code;
} halfs[] = {{0x0000, 64}, {0x3800, 431}, {0x3c00, 490}, {0x4400, 615}};

enum { NUM_HALFS = sizeof(halfs) / sizeof(halfs[0]) };

/* Neighbouring stamps are far apart. */
static uint32_t grey8(uint32_t stamp)
{
    return (stamp * 67) % 256;
}

static uint32_t grey10(uint32_t stamp)
{
    return (stamp * 293) % 1024;
}

static uint64_t pixel(fr_format format, uint32_t stamp)
{
    const uint64_t half = halfs[stamp % NUM_HALFS].half;
    const uint32_t ten = grey10(stamp);
    switch (format) {
    case FR_FORMAT_RGBA16F: return half | half << 16 | half << 32 | UINT64_C(0x3c00) << 48;
    case FR_FORMAT_RGB10A2: return ten | ten << 10 | ten << 20 | 3u << 30;
    default: return grey8(stamp) * 0x010101u | 0xff000000u;
    }
}

void stamp_draw(const fr_slot *slot, uint32_t stamp)
{
    const uint64_t value = pixel(slot->format, stamp);
    const size_t bytes = fr_format_pixel_bytes(slot->format);
    for (uint32_t y = 0; y < slot->height; y++)
        for (uint32_t x = 0; x < slot->width; x++)
            memcpy((uint8_t *)slot->pixels + y * slot->pitch_bytes + x * bytes, &value, bytes);
}

int stamp_code(fr_format ring_format, fr_format out_format, uint32_t stamp)
{
    if (ring_format == FR_FORMAT_RGBA16F)
        return out_format == FR_FORMAT_P010 ? halfs[stamp % NUM_HALFS].code : -1;
    if (ring_format == FR_FORMAT_RGB10A2)
        return 64 + (int)((876 * grey10(stamp) + 511) / 1023);
    return 16 + (int)((219 * grey8(stamp) + 127) / 255);
}

static int code_at(const fr_frame *frame, int plane, uint32_t x, uint32_t y)
{
    const uint8_t *row = frame->plane[plane] + y * frame->pitch_bytes[plane];
    if (frame->format != FR_FORMAT_P010)
        return row[x];
    uint16_t word;
    memcpy(&word, row + (size_t)x * 2, 2);
    return word >> 6;
}

static bool near(int a, int b)
{
    return a - b <= 1 && b - a <= 1;
}

bool stamp_fills(const fr_frame *frame, int code)
{
    const int neutral = frame->format == FR_FORMAT_P010 ? 512 : 128;
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++)
            if (!near(code_at(frame, 0, x, y), code))
                return false;
    for (uint32_t y = 0; y < (frame->height + 1) / 2; y++)
        for (uint32_t x = 0; x < (frame->width + 1) / 2 * 2; x++)
            if (!near(code_at(frame, 1, x, y), neutral))
                return false;
    return true;
}

int stamp_first_code(const fr_frame *frame)
{
    return code_at(frame, 0, 0, 0);
}
