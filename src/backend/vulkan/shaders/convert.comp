// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// Slots to pictures, both planes in one pass. docs/colour.md has the formulas, and what is exact. Which shader
// it is:
//
//   FROM_RGB8 or FROM_RGB10                   integers, NV12 or P010
//   FROM_SCRGB with TO_P010 or TO_NV12        floats
//   FROM_BUFFER                               the slot is a buffer of rows; else an image
//   SUBGROUPS                                 the device shuffles within subgroups
//
// An invocation does one block: QUADS times four columns of two rows. Every texel is loaded and worked out once,
// but for the column left of a block, which the chroma filter wants: NEIGHBOUR says where that comes from.

#version 450
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#extension GL_EXT_samplerless_texture_functions : require
#ifdef SUBGROUPS
#extension GL_KHR_shader_subgroup_shuffle : require
#endif

layout(local_size_x_id = 0, local_size_y_id = 1, local_size_z = 1) in;
layout(constant_id = 2) const int QUADS = 1;     // 1, 2, 4
layout(constant_id = 3) const int NEIGHBOUR = 0;
layout(constant_id = 4) const int LENT = 1;      // invocations of a workgroup where NEIGHBOUR is LEND, else 1

const int RELOAD = 0, LEND = 1, SHUFFLE = 2;     // NEIGHBOUR

layout(push_constant) uniform push
{
    ivec2 edge;         // the last column and row of what is bound
    ivec2 first, end;   // the blocks to be done
    int image_row;      // of the image, that is row 0 here
    int source_pitch;   // in lines of 16 bytes
    int luma_pitch, chroma_pitch; // in words of 4 bytes; multiples of what a block stores
    vec2 white;         // of the viewer, cd/m2; 80 / white
    vec4 tone;          // PQ of the display's peak; knee and target with that as 1; 1 = map, 0 = clip
};

// One memory, seen in the widths in which it is written.
layout(std430, set = 0, binding = 1) writeonly buffer luma_words { uint luma_1[]; };
layout(std430, set = 0, binding = 1) writeonly buffer luma_pairs { uvec2 luma_2[]; };
layout(std430, set = 0, binding = 1) writeonly buffer luma_lines { uvec4 luma_4[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_words { uint chroma_1[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_pairs { uvec2 chroma_2[]; };
layout(std430, set = 0, binding = 2) writeonly buffer chroma_lines { uvec4 chroma_4[]; };

// What a family gives: TEXEL, what is loaded; SIGNAL, the components after decode(); TAP, of a column of two rows
// the Cb and Cr before the filter; luma_code(), tap_of(), chroma_code().
#ifdef FROM_SCRGB
#include "floats.glsl"
#else
#include "integers.glsl"
#endif

#ifdef FROM_BUFFER
#include "load_buffer.glsl"
#else
#include "load_image.glsl"
#endif

#ifdef TO_P010
const int QUAD_WORDS = 2;
#else
const int QUAD_WORDS = 1;
#endif
const int WORDS = QUADS * QUAD_WORDS, WORDS_MAX = 8;

// Four codes, as many bits as the format has.
void pack(inout uint words[WORDS_MAX], int quad, uvec4 code)
{
#ifdef TO_P010
    words[2 * quad] = code.x << 6 | code.y << 22;
    words[2 * quad + 1] = code.z << 6 | code.w << 22;
#else
    words[quad] = code.x | code.y << 8 | code.z << 16 | code.w << 24;
#endif
}

#define STORE(plane, at, w) \
    if (WORDS == 1) \
        plane##_1[at] = w[0]; \
    else if (WORDS == 2) \
        plane##_2[(at) >> 1] = uvec2(w[0], w[1]); \
    else { \
        plane##_4[(at) >> 2] = uvec4(w[0], w[1], w[2], w[3]); \
        if (WORDS == 8) \
            plane##_4[((at) >> 2) + 1] = uvec4(w[4], w[5], w[6], w[7]); \
    }

shared TAP lent[LENT];

TAP reload(int x, ivec2 rows)
{
    return tap_of(decode(load_left(x, rows.x)), decode(load_left(x, rows.y)));
}

// The tap of the column left of the block; `last`: of this block's last column. Called by all of a workgroup.
TAP tap_on_the_left(int x, ivec2 rows, TAP last)
{
    const uint me = gl_LocalInvocationIndex;
    if (NEIGHBOUR == LEND) {
        lent[me] = last;
        barrier();
        if (gl_LocalInvocationID.x != 0)
            return lent[me - 1];
    }
#ifdef SUBGROUPS
    if (NEIGHBOUR == SHUFFLE) {
        // Who is where in a subgroup is the device's own affair.
        const uint other = gl_SubgroupInvocationID - 1;
        const uint index = subgroupShuffle(me, other);
        const TAP tap = TAP(subgroupShuffle(last.x, other), subgroupShuffle(last.y, other));
        if (gl_SubgroupInvocationID != 0 && gl_LocalInvocationID.x != 0 && index == me - 1)
            return tap;
    }
#endif
    return reload(x, rows);
}

void main()
{
    const ivec2 block = first + ivec2(gl_GlobalInvocationID.xy);
    const bool mine = all(lessThan(block, end));
    const ivec2 at = min(block, end - 1); // those outside help their neighbours
    const int x = at.x * 4 * QUADS;
    const ivec2 rows = ivec2(2 * at.y, min(2 * at.y + 1, edge.y));

    uint upper[WORDS_MAX], lower[WORDS_MAX], chroma[WORDS_MAX];
    TAP left, first_tap, second_tap;
    [[unroll]] for (int q = 0; q < QUADS; q++) {
        TEXEL a[4], b[4];
        load_quad(a, x + 4 * q, rows.x);
        load_quad(b, x + 4 * q, rows.y);
        uvec4 code_a, code_b;
        TAP tap[4];
        [[unroll]] for (int i = 0; i < 4; i++) {
            const SIGNAL s = decode(a[i]), t = decode(b[i]);
            code_a[i] = luma_code(s);
            code_b[i] = luma_code(t);
            tap[i] = tap_of(s, t);
        }
        pack(upper, q, code_a);
        pack(lower, q, code_b);
        if (q == 0) {
            first_tap = tap[0];
            second_tap = tap[1];
            left = TAP(0);
        }
        // The first sample of the block is done again below.
        pack(chroma, q, uvec4(chroma_code(left + 2 * tap[0] + tap[1]), chroma_code(tap[1] + 2 * tap[2] + tap[3])));
        left = tap[3];
    }
    left = tap_on_the_left(x, rows, left);
    if (x == 0)
        left = first_tap;
    const uvec2 code = chroma_code(left + 2 * first_tap + second_tap);
#ifdef TO_P010
    chroma[0] = code.x << 6 | code.y << 22;
#else
    chroma[0] = bitfieldInsert(chroma[0], code.x | code.y << 8, 0, 16);
#endif
    if (!mine)
        return;
    const int column = at.x * WORDS;
    STORE(luma, rows.x * luma_pitch + column, upper)
    if (rows.y != rows.x) {
        STORE(luma, rows.y * luma_pitch + column, lower)
    }
    STORE(chroma, at.y * chroma_pitch + column, chroma)
}
