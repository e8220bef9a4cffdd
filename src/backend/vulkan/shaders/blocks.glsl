// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// An invocation does one block: QUADS times four columns of two rows, stored in as few accesses as can be. Best for
// buffers. NEIGHBOUR says where the column left of the block comes from.

layout(constant_id = 2) const int QUADS = 1; // 1, 2, 4
layout(constant_id = 3) const int NEIGHBOUR = 0;

const int LEND = 1; // NEIGHBOUR; 0: it is loaded and worked out again

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
    words[2 * quad] = word_of(code.xy);
    words[2 * quad + 1] = word_of(code.zw);
#else
    words[quad] = word_of(code);
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
        SIGNAL s[4], t[4];
        decode_four(a, s);
        decode_four(b, t);
        uvec4 code_a, code_b;
        TAP tap[4];
        [[unroll]] for (int i = 0; i < 4; i++) {
            code_a[i] = luma_code(s[i]);
            code_b[i] = luma_code(t[i]);
            tap[i] = tap_of(s[i], t[i]);
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
    chroma[0] = word_of(code);
#else
    chroma[0] = bitfieldInsert(chroma[0], word_of(uvec4(code, 0, 0)), 0, 16);
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
