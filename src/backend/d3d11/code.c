/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/convert.h"

#include "backend/d3d11/shaders/convert_dxbc.h"

struct plane_code {
    fr_format from, to;
    struct fr_d3d11_code plane[2];
};

#define CODE(name, shader_target)                                                                            \
    {                                                                                                        \
        .bytes = name##_dxbc, .size = sizeof(name##_dxbc), .target = shader_target, .macros = name##_macros  \
    }

static const struct fr_d3d11_code vertex = CODE(vertex, "vs_4_0");

static const struct plane_code codes[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, {CODE(rgb8_luma, "ps_4_0"), CODE(rgb8_chroma, "ps_4_0")}},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, {CODE(rgb8_luma, "ps_4_0"), CODE(rgb8_chroma, "ps_4_0")}},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, {CODE(rgb10_luma, "ps_4_0"), CODE(rgb10_chroma, "ps_4_0")}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, {CODE(scrgb_p010_luma, "ps_4_0"), CODE(scrgb_p010_chroma, "ps_4_0")}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, {CODE(scrgb_nv12_luma, "ps_4_0"), CODE(scrgb_nv12_chroma, "ps_4_0")}},
};

struct fr_d3d11_code fr_d3d11_vertex_code(void)
{
    return vertex;
}

bool fr_d3d11_plane_code(fr_format from, fr_format to, uint32_t plane, struct fr_d3d11_code *out)
{
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].from == from && codes[i].to == to) {
            *out = codes[i].plane[plane];
            return true;
        }
    return false;
}

const char *fr_d3d11_code_text(size_t *bytes)
{
    *bytes = sizeof(convert_hlsl);
    return (const char *)convert_hlsl;
}
