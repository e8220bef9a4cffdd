// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// Slots to pictures, both planes in one pass. docs/colour.md has the formulas, and what is exact. Which shader
// it is:
//
//   FROM_RGB8 or FROM_RGB10                   integers, NV12 or P010
//   FROM_SCRGB with TO_P010 or TO_NV12        floats
//   FROM_BUFFER                               the slot is a buffer of rows; else an image
//   PAIRS                                     two columns of two rows to an invocation; else blocks, see below
//   SHUFFLE                                   with PAIRS: they lend to each other in subgroups; else in workgroups
//
// Every texel is loaded and worked out once, but for the column left of a block (of a workgroup, or subgroup, with PAIRS), which
// the chroma filter wants.

#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#ifdef SHUFFLE
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif

layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z = 1) in;
layout(constant_id = 4) const int LENT = 1; // the invocations of a workgroup that lend to each other, else 1

layout(push_constant) uniform push
{
    ivec2 edge;         // the last column and row of what is bound
    ivec2 first, end;   // the blocks, or pairs of columns, to be done
    int image_row;      // of the image, that is row 0 here
    int source_pitch;   // in lines of 16 bytes
    int luma_pitch, chroma_pitch; // in words of 4 bytes; multiples of what a block stores
    vec2 texel;         // 1 / the image's size
    vec4 tone;          // a largest component's logarithm to -1 .. 1: factor, offset; 1 / factor; 1 = map, 0 = clip
    float gain[9];      // the logarithm of the factor of all components, by that
};

// One memory, seen in the widths in which it is written.
layout(std430, set = 0, binding = 1) writeonly buffer luma_words { uint luma_1[]; };
layout(std430, set = 0, binding = 1) writeonly buffer luma_pairs { uvec2 luma_2[]; };
layout(std430, set = 0, binding = 1) writeonly buffer luma_lines { uvec4 luma_4[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_words { uint chroma_1[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_pairs { uvec2 chroma_2[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_lines { uvec4 chroma_4[]; };

// What a family gives: TEXEL, what is loaded; SIGNAL, the components after decode() or decode_four(); TAP, of a column of two rows
// the Cb and Cr before the filter; luma_code(), tap_of(), chroma_code().
#ifdef FROM_SCRGB
#include "floats.glsl"
#else
#include "integers.glsl"
#endif

#ifdef TO_P010
uint word_of(uvec2 code)
{
    return code.x << 6 | code.y << 22;
}
#else
uint word_of(uvec4 code)
{
    return code.x | code.y << 8 | code.z << 16 | code.w << 24;
}
#endif

#ifdef FROM_BUFFER
#include "load_buffer.glsl"
#else
#include "load_image.glsl"
#endif

TAP reload(int x, ivec2 rows)
{
    SIGNAL s[2];
    [[dont_unroll]] for (int i = 0; i < 2; i++) {
        const SIGNAL one = decode(load_left(x, i == 0 ? rows.x : rows.y));
        s[0] = i == 0 ? one : s[0];
        s[1] = one;
    }
    return tap_of(s[0], s[1]);
}

#ifdef PAIRS
#include "pairs.glsl"
#else
#include "blocks.glsl"
#endif
