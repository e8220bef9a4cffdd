/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "pointer.h"

#include "common/colour.h"
#include "common/rect.h"

#include <stdlib.h>
#include <string.h>

/* Pixels each way; Windows' largest pointer has 256. */
enum { SHAPE_MAX = 2048 };

/* What one pixel of a shape does: mixes a colour in, or inverts bits of what is there. */
typedef struct ink {
    bool invert;
    uint32_t rgb;
    uint32_t alpha; /* 0..255; of a mix */
} ink;

void fr_pointer_finish(fr_pointer *pointer)
{
    free(pointer->pixels);
    *pointer = (fr_pointer){0};
}

static bool can_be_drawn(const fr_pointer_shape *shape, size_t bytes)
{
    if (!shape->width || !shape->height || shape->width > SHAPE_MAX || shape->height > SHAPE_MAX)
        return false;
    const bool mono = shape->kind == FR_POINTER_MONOCHROME;
    if (!mono && shape->kind != FR_POINTER_COLOUR && shape->kind != FR_POINTER_MASKED)
        return false;
    const size_t row_bytes = mono ? (shape->width + 7) / 8 : (size_t)shape->width * 4;
    const size_t rows = mono ? (size_t)shape->height * 2 : shape->height;
    return shape->pitch_bytes >= row_bytes && shape->pitch_bytes <= bytes / rows;
}

bool fr_pointer_set_shape(fr_pointer *pointer, const fr_pointer_shape *shape, const void *pixels,
                          size_t bytes)
{
    free(pointer->pixels);
    pointer->number++;
    pointer->pixels = can_be_drawn(shape, bytes) ? malloc(bytes) : NULL;
    if (!pointer->pixels)
        return false;
    memcpy(pointer->pixels, pixels, bytes);
    pointer->shape = *shape;
    return true;
}

fr_rect fr_pointer_rect(const fr_pointer *pointer, uint32_t width, uint32_t height)
{
    if (!pointer->visible || !pointer->pixels)
        return (fr_rect){0};
    return fr_rect_clip(pointer->x, pointer->y, (int32_t)pointer->shape.width, (int32_t)pointer->shape.height,
                        width, height);
}

static uint32_t bit_of(const fr_pointer *pointer, uint32_t x, uint32_t y)
{
    return pointer->pixels[y * pointer->shape.pitch_bytes + x / 8] >> (7 - x % 8) & 1u;
}

static ink ink_of(const fr_pointer *pointer, uint32_t x, uint32_t y)
{
    if (pointer->shape.kind == FR_POINTER_MONOCHROME) {
        const uint32_t stays = bit_of(pointer, x, y), set = bit_of(pointer, x, y + pointer->shape.height);
        return (ink){.invert = stays != 0, .rgb = set ? 0xffffffu : 0, .alpha = 255};
    }
    uint32_t bgra;
    memcpy(&bgra, pointer->pixels + y * pointer->shape.pitch_bytes + (size_t)x * 4, sizeof(bgra));
    const uint32_t rgb = bgra & 0xffffffu, alpha = bgra >> 24;
    if (pointer->shape.kind == FR_POINTER_MASKED)
        return (ink){.invert = alpha != 0, .rgb = rgb, .alpha = 255};
    return (ink){.rgb = rgb, .alpha = alpha};
}

static uint32_t apply_codes(uint32_t below, ink dot)
{
    if (dot.invert)
        return below ^ dot.rgb;
    return (uint32_t)fr_pixel_mix(FR_FORMAT_BGRA8, below, dot.rgb | 0xff000000u, dot.alpha);
}

/* `linear`: what each 8-bit code of SDR is in scRGB. */
static float apply_light(float below, uint32_t code, const ink *dot, const float *linear)
{
    if (dot->invert) {
        const float signal = fr_srgb_from_linear(below / linear[255]);
        const float clipped = signal > 0.0F ? signal < 1.0F ? signal : 1.0F : 0.0F;
        return linear[(uint32_t)(clipped * 255.0F + 0.5F) ^ code];
    }
    return below + (linear[code] - below) * (float)dot->alpha / 255.0F;
}

static uint64_t apply_halves(uint64_t below, ink dot, const float *linear)
{
    uint64_t result = below & UINT64_C(0xffff) << 48;
    for (uint32_t shift = 0; shift < 48; shift += 16) {
        const uint32_t code = dot.rgb >> (16 - shift / 2) & 0xffu;
        const uint16_t half = (uint16_t)(below >> shift);
        /* Bits that are not inverted stay as they are, whatever SDR cannot show of them. */
        const uint16_t drawn =
            dot.invert && !code
                ? half
                : fr_half_from_float(apply_light(fr_float_from_half(half), code, &dot, linear));
        result |= (uint64_t)drawn << shift;
    }
    return result;
}

void fr_pointer_draw(const fr_pointer *pointer, const fr_canvas *canvas, uint32_t x, uint32_t y, float white)
{
    if (!fr_pointer_rect(pointer, FR_SIZE_MAX, FR_SIZE_MAX).width)
        return;
    const int32_t left = pointer->x - (int32_t)x, top = pointer->y - (int32_t)y;
    const fr_rect seen = fr_rect_clip(left, top, (int32_t)pointer->shape.width,
                                      (int32_t)pointer->shape.height, canvas->width, canvas->height);
    float linear[256];
    for (uint32_t code = 0; canvas->pixel_bytes == 8 && code < 256; code++)
        linear[code] = fr_srgb_to_linear((float)code / 255.0F) * white;
    for (uint32_t row = seen.y; row < seen.y + seen.height; row++) {
        for (uint32_t column = seen.x; column < seen.x + seen.width; column++) {
            const ink dot =
                ink_of(pointer, (uint32_t)((int32_t)column - left), (uint32_t)((int32_t)row - top));
            if (dot.invert ? !dot.rgb : !dot.alpha)
                continue;
            const uint64_t below = fr_canvas_get(canvas, column, row);
            fr_canvas_set(canvas, column, row,
                          canvas->pixel_bytes == 8 ? apply_halves(below, dot, linear)
                                                   : apply_codes((uint32_t)below, dot));
        }
    }
}
