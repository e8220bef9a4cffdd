/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "backend/d3d11/convert.h"
#include "convert/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The constant buffer of convert.hlsl, as far as it says what is to be done. */
struct params {
    int32_t edge[4];
    float light[9][4];
    float tone[4];
    float white[4];
};

struct pass {
    fr_format from, to;
    uint32_t plane;
};

static const struct pass pairs[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, 0},   {FR_FORMAT_RGBA8, FR_FORMAT_NV12, 0},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, 0}, {FR_FORMAT_RGBA16F, FR_FORMAT_P010, 0},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, 0},
};

static bool is_code(const struct fake_bytes *shader, const struct fr_d3d11_code *code)
{
    return shader && shader->size == code->size && !memcmp(shader->bytes, code->bytes, code->size);
}

/* What the bound shader makes of a texture of the bound format. */
static bool recognize(const struct fake_context *context, struct pass *out)
{
    const fr_format from = (fr_format)context->srv->format;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        for (uint32_t plane = 0; plane < 2; plane++) {
            struct fr_d3d11_code code;
            if (pairs[i].from == from && fr_d3d11_plane_code(from, pairs[i].to, plane, &code) &&
                is_code(context->pixel, &code)) {
                *out = (struct pass){from, pairs[i].to, plane};
                return true;
            }
        }
    return false;
}

static bool is_complete(const struct fake_context *context, UINT vertices)
{
    const struct fr_d3d11_code vertex = fr_d3d11_vertex_code();
    const char *wrong = NULL;
    if (!context->srv || !context->rtv || !context->params)
        wrong = "without a slot, a target or parameters";
    else if (!is_code(context->vertex, &vertex) || vertices != 3 ||
             context->topology != D3D11_PRIMITIVE_TOPOLOGY_TRIANGLELIST)
        wrong = "of anything but the one triangle";
    else if (context->params->size != sizeof(struct params))
        wrong = "with parameters of another size";
    if (wrong)
        fake_violation("Draw %s", wrong);
    return !wrong;
}

static uint32_t even(uint32_t size)
{
    return (size + 1) / 2 * 2;
}

/* The last column and the last row of luma once more, where the size was odd. */
static void repeat_edge(uint8_t *luma, size_t row, const fr_convert_params *params, size_t sample)
{
    for (uint32_t y = 0; params->width % 2 && y < params->height; y++)
        memcpy(luma + y * row + params->width * sample, luma + y * row + (params->width - 1) * sample,
               sample);
    if (params->height % 2)
        memcpy(luma + params->height * row, luma + (params->height - 1) * row, row);
}

/* A rectangle of the luma's samples, in either plane. */
static void copy_part(struct fake_texture *to, uint32_t plane, const uint8_t *from, size_t row,
                      const fr_rect *part, size_t sample)
{
    uint8_t *const pixels = plane ? fake_texture_plane(to, 1) : to->pixels;
    for (uint32_t y = part->y >> plane; y < (part->y + part->height) >> plane; y++)
        memcpy(pixels + y * to->pitch_bytes + part->x * sample, from + y * row + part->x * sample,
               part->width * sample);
}

void fake_convert(const struct fake_texture *from, struct fake_texture *to, uint32_t plane,
                  const fr_convert_params *params, const fr_rect *part)
{
    fr_converter *converter = NULL;
    const size_t sample = params->to == FR_FORMAT_P010 ? 2 : 1;
    const uint32_t rows = even(params->height);
    const size_t row = even(params->width) * sample;
    const fr_rect all = {0, 0, even(params->width), rows};
    uint8_t *planes = malloc(row * (rows + rows / 2));
    if (!planes || fr_converter_create(&converter, params) != FR_OK) {
        fake_violation("a conversion that there is not");
        free(planes);
        return;
    }
    void *const out[2] = {planes, planes + row * rows};
    const ptrdiff_t pitches[2] = {(ptrdiff_t)row, (ptrdiff_t)row};
    fr_converter_run(converter, from->pixels, (ptrdiff_t)from->pitch_bytes, out, pitches);
    fr_converter_destroy(&converter);
    repeat_edge(planes, row, params, sample);
    for (uint32_t i = 0; i < 2; i++)
        if (plane == i || plane == 2)
            copy_part(to, i, out[i], row, part ? part : &all, sample);
    free(planes);
}

/* Where the viewport lies, in luma samples: on whole pairs of columns and rows, inside the target. */
static bool drawn_part(const D3D11_VIEWPORT *viewport, const struct fake_texture *to, uint32_t plane,
                       fr_rect *out)
{
    const FLOAT numbers[4] = {viewport->TopLeftX, viewport->TopLeftY, viewport->Width, viewport->Height};
    const uint32_t step = plane ? 1 : 2;
    uint32_t whole[4];
    for (size_t i = 0; i < 4; i++) {
        if (!(numbers[i] >= 0 && numbers[i] < 65536))
            return false;
        whole[i] = (uint32_t)numbers[i];
        if ((FLOAT)whole[i] != numbers[i] || whole[i] % step)
            return false;
        whole[i] <<= plane;
    }
    *out = (fr_rect){whole[0], whole[1], whole[2], whole[3]};
    return out->width && out->height && fr_rect_fits(out, to->desc.Width, to->desc.Height);
}

void fake_draw(struct fake_context *context, UINT vertices)
{
    struct pass pass;
    if (!is_complete(context, vertices))
        return;
    if (!recognize(context, &pass)) {
        fake_violation("Draw with a shader that is none of ours, or not for this slot");
        return;
    }
    struct fake_texture *to = context->rtv->texture;
    const struct fake_texture *from = context->srv->texture;
    struct params in;
    memcpy(&in, context->params->bytes, sizeof(in));
    const fr_convert_params params = {
        .from = pass.from,
        .to = pass.to,
        .width = (uint32_t)in.edge[0] + 1,
        .height = (uint32_t)in.edge[1] + 1,
        .sdr_map = in.tone[3] > 0 ? FR_SDR_MAP_TONE : FR_SDR_MAP_CLIP,
        .peak_millinits = (uint32_t)lround(1e7 * fr_pq_decode((double)in.tone[0])),
        .sdr_white_millinits = (uint32_t)lround(1000 * (double)in.white[0]),
    };
    fr_rect part;
    if (context->rtv->plane != pass.plane || to->desc.Format != (DXGI_FORMAT)pass.to ||
        from->desc.Width != params.width || from->desc.Height != params.height ||
        to->desc.Width != even(params.width) || to->desc.Height != even(params.height)) {
        fake_violation("Draw between sizes, formats or planes that do not go together");
        return;
    }
    if (!drawn_part(&context->viewport, to, pass.plane, &part)) {
        fake_violation("Draw of a part that is beside the chroma's grid or the target");
        return;
    }
    if (fake_texture_usable(from, "Draw") && fake_texture_usable(to, "Draw"))
        fake_convert(from, to, pass.plane, &params, &part);
}
