/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, CELL_WIDTH = 8, CELL_HEIGHT = 16, NITS_OF_ONE = 80 };

static void *allocate(size_t bytes)
{
    void *memory = aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    if (memory)
        memset(memory, 0, bytes);
    else
        fprintf(stderr, "out of memory\n");
    return memory;
}

uint16_t half_from(float value)
{
    const float size = fabsf(value);
    const unsigned sign = value < 0 ? 0x8000u : 0;
    if (size < 0x1p-14f)
        return (uint16_t)(sign | (unsigned)lrintf(size * 0x1p24f));
    int exponent;
    const float part = frexpf(size, &exponent);
    /* A fraction that rounds up to one carries into the exponent, as it should. */
    const unsigned fraction = (unsigned)lrintf(part * 0x1p11f) - 0x400u;
    return (uint16_t)(sign | (((unsigned)(exponent + 14) << 10) + fraction));
}

static uint32_t hash(uint32_t x, uint32_t y)
{
    uint32_t value = x * 0x9e3779b1u ^ y * 0x85ebca77u;
    value ^= value >> 15;
    value *= 0x2c1b3c6du;
    return value ^ value >> 13;
}

/* R, G or B of a pixel, 0 to 1. */
static float shade(const struct picture *picture, uint32_t x, uint32_t y, int channel)
{
    const uint32_t pane = x * 3 / picture->width;
    if (pane == 0) {
        const float along =
            (float)(channel == 1 ? y : x) / (float)(channel == 1 ? picture->height : picture->width / 3 + 1);
        return channel == 2 ? 1 - along : along;
    }
    if (pane == 1) {
        /* Strokes, one pixel wide, on a flat ground. */
        const uint32_t cell = hash(x / CELL_WIDTH, y / CELL_HEIGHT);
        const bool ink = y % CELL_HEIGHT > 3 && ((cell >> (x % CELL_WIDTH)) & (cell >> (y % 11)) & 1);
        static const float ground[3] = {0.11f, 0.12f, 0.16f}, text[3] = {0.85f, 0.87f, 0.75f};
        return ink ? text[channel] : ground[channel];
    }
    const uint32_t block = hash(x / 160, y / 90);
    const float flat = (float)(block >> (8 * channel) & 255) / 255;
    return y % 180 < 90 ? flat : 0.9f * flat + 0.1f * (float)(hash(x, y) >> (8 * channel) & 255) / 255;
}

/* scRGB: 1.0 are 80 cd/m2. */
static float light(float value, int channel)
{
    return powf(value, 3) * 1000 / NITS_OF_ONE - (channel == 0 && value < 0.05f ? 0.01f : 0);
}

static void draw(struct picture *picture)
{
    const bool bytes = picture->from == FR_FORMAT_BGRA8;
    for (uint32_t y = 0; y < picture->height; y++)
        for (uint32_t x = 0; x < picture->width; x++) {
            const size_t at = (size_t)y * picture->width + x;
            for (int channel = 0; channel < 3; channel++) {
                const float value = shade(picture, x, y, channel);
                const uint8_t byte = (uint8_t)lrintf(255 * value);
                const uint16_t half = half_from(light(value, channel));
                if (bytes) {
                    picture->packed[4 * at + 2 - (size_t)channel] = picture->planar[channel][at] = byte;
                } else {
                    memcpy(picture->packed + 8 * at + 2 * (size_t)channel, &half, sizeof half);
                    memcpy(picture->planar[channel] + 2 * at, &half, sizeof half);
                }
            }
            static const uint16_t one = 0x3c00;
            if (bytes)
                picture->packed[4 * at + 3] = 255;
            else
                memcpy(picture->packed + 8 * at + 6, &one, sizeof one);
        }
}

bool picture_init(struct picture *picture, fr_format from, uint32_t width, uint32_t height)
{
    *picture = (struct picture){.from = from, .width = width, .height = height};
    picture->to = from == FR_FORMAT_BGRA8 ? FR_FORMAT_NV12 : FR_FORMAT_P010;
    const size_t plane = picture_samples(picture) * picture_sample_bytes(picture);
    picture->packed = allocate(4 * plane);
    bool good = picture->packed;
    for (int i = 0; i < 3; i++)
        good = (picture->planar[i] = allocate(plane)) && good;
    if (good)
        draw(picture);
    return good;
}

void picture_finish(struct picture *picture)
{
    free(picture->packed);
    for (int i = 0; i < 3; i++)
        free(picture->planar[i]);
}

size_t picture_samples(const struct picture *picture)
{
    return (size_t)picture->width * picture->height;
}

size_t picture_sample_bytes(const struct picture *picture)
{
    return picture->from == FR_FORMAT_BGRA8 ? 1 : 2;
}

bool codes_init(struct codes *codes, const struct picture *picture)
{
    const size_t plane = picture_samples(picture) * picture_sample_bytes(picture);
    *codes = (struct codes){allocate(plane), allocate(plane / 2)};
    return codes->luma && codes->chroma;
}

void codes_finish(struct codes *codes)
{
    free(codes->luma);
    free(codes->chroma);
}

struct difference {
    int max;
    double mean;
};

static int code(const uint8_t *plane, size_t i, size_t bytes)
{
    /* P010 holds ten bits on top of six that are zero. */
    return bytes == 1 ? plane[i] : (plane[2 * i] | plane[2 * i + 1] << 8) >> 6;
}

static struct difference compare(const uint8_t *a, const uint8_t *b, size_t count, size_t bytes)
{
    struct difference d = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const int off = abs(code(a, i, bytes) - code(b, i, bytes));
        d.max = off > d.max ? off : d.max;
        d.mean += off;
    }
    d.mean /= (double)count;
    return d;
}

json_t *codes_difference(const struct codes *ours, const struct codes *theirs, const struct picture *picture)
{
    const size_t count = picture_samples(picture), bytes = picture_sample_bytes(picture);
    const struct difference y = compare(ours->luma, theirs->luma, count, bytes);
    const struct difference c = compare(ours->chroma, theirs->chroma, count / 2, bytes);
    return json_pack("{s:i, s:f, s:i, s:f}", "y_max", y.max, "y_mean", y.mean, "c_max", c.max, "c_mean",
                     c.mean);
}
