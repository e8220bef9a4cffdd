// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// An invocation does two columns of DEEP pairs of rows, so that neighbours fetch neighbouring texels: what images are
// best read by. Words of NV12 are put together by two invocations, an even and an odd one.

layout(constant_id = 2) const int DEEP = 1;

shared TAP lent_second[DEEP][LENT]; // of the second column
#ifndef TO_P010
shared TAP lent_first[DEEP][LENT];
shared uint lent_luma[DEEP][LENT]; // two codes of each row
#endif

ivec2 rows_of(int pair)
{
    const int y = min(pair, end.y - 1); // those outside help their neighbours
    return ivec2(2 * y, min(2 * y + 1, edge.y));
}

void main()
{
    const uint me = gl_LocalInvocationIndex;
    const int column = first.x + int(gl_GlobalInvocationID.x), at = min(column, end.x - 1), x = 2 * at;
    const int top = first.y + int(gl_GlobalInvocationID.y) * DEEP;

    TEXEL c[DEEP][4];
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        const ivec2 rows = rows_of(top + k);
        c[k] = TEXEL[4](load(x, rows.x), load(x + 1, rows.x), load(x, rows.y), load(x + 1, rows.y));
    }
    TAP left[DEEP], first_tap[DEEP], second_tap[DEEP];
    uvec4 code[DEEP];
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        left[k] = TAP(0);
        if (gl_LocalInvocationID.x == 0)
            left[k] = reload(x, rows_of(top + k));
        SIGNAL s[4];
        decode_four(c[k], s);
        first_tap[k] = tap_of(s[0], s[2]);
        second_tap[k] = tap_of(s[1], s[3]);
        code[k] = uvec4(luma_code(s[0]), luma_code(s[1]), luma_code(s[2]), luma_code(s[3]));
        lent_second[k][me] = second_tap[k];
#ifndef TO_P010
        code[k].x = code[k].x | code[k].y << 8 | code[k].z << 16 | code[k].w << 24;
        lent_first[k][me] = first_tap[k];
        lent_luma[k][me] = code[k].x;
#endif
    }
    barrier();
    if (column >= end.x)
        return;
    [[unroll]] for (int k = 0; k < DEEP; k++) {
        if (top + k >= end.y)
            return;
        const ivec2 rows = rows_of(top + k);
        if (gl_LocalInvocationID.x != 0)
            left[k] = lent_second[k][me - 1];
        if (x == 0)
            left[k] = first_tap[k];
        const uvec2 chroma = chroma_code(left[k] + 2 * first_tap[k] + second_tap[k]);
#ifdef TO_P010
        luma_1[rows.x * luma_pitch + at] = code[k].x << 6 | code[k].y << 22;
        if (rows.y != rows.x)
            luma_1[rows.y * luma_pitch + at] = code[k].z << 6 | code[k].w << 22;
        chroma_1[(top + k) * chroma_pitch + at] = chroma.x << 6 | chroma.y << 22;
#else
        const uint luma = code[k].x, other = lent_luma[k][me ^ 1];
        const int word = at >> 1;
        if ((at & 1) == 0) {
            const uvec2 next = chroma_code(second_tap[k] + 2 * lent_first[k][me + 1] + lent_second[k][me + 1]);
            luma_1[rows.x * luma_pitch + word] = (luma & 0xffffu) | other << 16;
            chroma_1[(top + k) * chroma_pitch + word] = chroma.x | chroma.y << 8 | next.x << 16 | next.y << 24;
        } else if (rows.y != rows.x) {
            luma_1[rows.y * luma_pitch + word] = other >> 16 | (luma & 0xffff0000u);
        }
#endif
    }
}
