// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// An invocation does two columns of DEEP pairs of rows, so that neighbours fetch neighbouring texels: what images are
// best read by. Words of NV12 are put together by two invocations, an even and an odd one.

layout(constant_id = 2) const int DEEP = 1;

#ifdef SHUFFLE
#include "lend_shuffled.glsl"
#else
#include "lend_shared.glsl"
#endif

ivec2 rows_of(int pair)
{
    const int y = min(pair, end.y - 1); // those outside help their neighbours
    return ivec2(2 * y, min(2 * y + 1, edge.y));
}

void main()
{
    const int me = number_in_group(), high = int(gl_WorkGroupSize.y);
    const int column = own_column(), at = min(column, end.x - 1), x = 2 * at;
    const int top = first.y + int(gl_WorkGroupID.y) * high * DEEP, mine = int(gl_LocalInvocationID.y) * DEEP;

    // All is asked for before anything is worked out.
    const bool on_the_edge = me < 2 * DEEP * high;
    TEXEL edge_texel = TEXEL(0), c[DEEP][4];
    if (on_the_edge) {
        const ivec2 rows = rows_of(top + (me >> 1));
        edge_texel = load_left(2 * first_column_of_group(), (me & 1) == 0 ? rows.x : rows.y);
    }
    [[unroll]] for (int k = 0; k < DEEP; k++)
        load_pair(x, rows_of(top + mine + k), c[k]);
    TAP first_tap[DEEP], second_tap[DEEP];
    uvec4 code[DEEP];
    uint luma[DEEP];
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        SIGNAL s[4];
        decode_four(c[k], s);
        first_tap[k] = tap_of(s[0], s[2]);
        second_tap[k] = tap_of(s[1], s[3]);
        code[k] = uvec4(luma_code(s[0]), luma_code(s[1]), luma_code(s[2]), luma_code(s[3]));
        luma[k] = 0;
#ifndef TO_P010
        luma[k] = word_of(code[k]);
#endif
    }
    SIGNAL edge_signal = SIGNAL(0);
    if (on_the_edge)
        edge_signal = decode(edge_texel);
    lend(first_tap, second_tap, luma, on_the_edge, edge_signal);
    if (column >= end.x)
        return;
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        const int pair = top + mine + k;
        if (pair >= end.y)
            return;
        const ivec2 rows = rows_of(pair);
        TAP left = lent_left(k);
        if (x == 0)
            left = first_tap[k];
        const uvec2 chroma = chroma_code(left + 2 * first_tap[k] + second_tap[k]);
#ifdef TO_P010
        luma_1[rows.x * luma_pitch + at] = word_of(code[k].xy);
        if (rows.y != rows.x)
            luma_1[rows.y * luma_pitch + at] = word_of(code[k].zw);
        chroma_1[pair * chroma_pitch + at] = word_of(chroma);
#else
        const uint other = lent_other_luma(k);
        const int word = at >> 1;
        if ((at & 1) == 0) {
            const uvec2 next = chroma_code(second_tap[k] + 2 * lent_next_first(k) + lent_next_second(k));
            luma_1[rows.x * luma_pitch + word] = (luma[k] & 0xffffu) | other << 16;
            chroma_1[pair * chroma_pitch + word] = word_of(uvec4(chroma, next));
        } else if (rows.y != rows.x) {
            luma_1[rows.y * luma_pitch + word] = other >> 16 | (luma[k] & 0xffff0000u);
        }
#endif
    }
}
