// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// An invocation does two columns of two rows, so that neighbours fetch neighbouring texels: what images are best read
// by. Words of NV12 are put together by two invocations, an even and an odd one.

shared TAP lent_second[LENT]; // of the second column
#ifndef TO_P010
shared TAP lent_first[LENT];
shared uint lent_luma[LENT]; // two codes of each row
#endif

void main()
{
    const ivec2 pair = first + ivec2(gl_GlobalInvocationID.xy);
    const ivec2 at = min(pair, end - 1); // those outside help their neighbours
    const uint me = gl_LocalInvocationIndex;
    const int x = 2 * at.x;
    const ivec2 rows = ivec2(2 * at.y, min(2 * at.y + 1, edge.y));

    const TEXEL a = load(x, rows.x), b = load(x + 1, rows.x), c = load(x, rows.y), d = load(x + 1, rows.y);
    TAP left = TAP(0);
    if (gl_LocalInvocationID.x == 0)
        left = reload(x, rows);
    const SIGNAL s = decode(a), t = decode(b), u = decode(c), v = decode(d);
    const TAP first_tap = tap_of(s, u), second_tap = tap_of(t, v);
    const uvec4 code = uvec4(luma_code(s), luma_code(t), luma_code(u), luma_code(v));
    lent_second[me] = second_tap;
#ifndef TO_P010
    const uint luma = code.x | code.y << 8 | code.z << 16 | code.w << 24;
    lent_first[me] = first_tap;
    lent_luma[me] = luma;
#endif
    barrier();
    if (gl_LocalInvocationID.x != 0)
        left = lent_second[me - 1];
    if (x == 0)
        left = first_tap;
    if (any(greaterThanEqual(pair, end)))
        return;
    const uvec2 chroma = chroma_code(left + 2 * first_tap + second_tap);
#ifdef TO_P010
    luma_1[rows.x * luma_pitch + at.x] = code.x << 6 | code.y << 22;
    if (rows.y != rows.x)
        luma_1[rows.y * luma_pitch + at.x] = code.z << 6 | code.w << 22;
    chroma_1[at.y * chroma_pitch + at.x] = chroma.x << 6 | chroma.y << 22;
#else
    const uint other = lent_luma[me ^ 1];
    const int word = at.x >> 1;
    if ((at.x & 1) == 0) {
        const uvec2 next = chroma_code(second_tap + 2 * lent_first[me + 1] + lent_second[me + 1]);
        luma_1[rows.x * luma_pitch + word] = (luma & 0xffffu) | other << 16;
        chroma_1[at.y * chroma_pitch + word] = chroma.x | chroma.y << 8 | next.x << 16 | next.y << 24;
    } else if (rows.y != rows.x) {
        luma_1[rows.y * luma_pitch + word] = other >> 16 | (luma & 0xffff0000u);
    }
#endif
}
