// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT

layout(std430, set = 0, binding = 0) readonly buffer source { uvec4 slot[]; };

#ifdef FROM_SCRGB
TEXEL texel_of(uvec2 words)
{
    return vec3(unpackHalf2x16(words.x), unpackHalf2x16(words.y).x);
}
#elif defined(FROM_RGB8)
layout(constant_id = 6) const bool BLUE_FIRST = false;
TEXEL texel_of(uint word)
{
    const ivec3 c = ivec3(word & 255u, word >> 8 & 255u, word >> 16 & 255u);
    return BLUE_FIRST ? c.bgr : c;
}
#else
TEXEL texel_of(uint word)
{
    return ivec3(word & 1023u, word >> 10 & 1023u, word >> 20 & 1023u);
}
#endif

// Column x to x + 3, x a multiple of four; right of the picture its last column goes on. A row is a whole number of
// lines, so that nothing outside the row is loaded.
void load_quad(out TEXEL quad[4], int x, int y)
{
    const int from = min(x, edge.x & ~3);
#ifdef FROM_SCRGB
    const int line = y * source_pitch + (from >> 1);
    const uvec4 a = slot[line], b = slot[line + int(from + 2 <= edge.x)];
    quad[0] = texel_of(a.xy);
    quad[1] = texel_of(a.zw);
    quad[2] = texel_of(b.xy);
    quad[3] = texel_of(b.zw);
#else
    const uvec4 a = slot[y * source_pitch + (from >> 2)];
    quad[0] = texel_of(a.x);
    quad[1] = texel_of(a.y);
    quad[2] = texel_of(a.z);
    quad[3] = texel_of(a.w);
#endif
    [[unroll]] for (int i = 1; i < 4; i++)
        if (from + i > edge.x)
            quad[i] = quad[i - 1];
}

#ifdef PAIRS
// Column x; right of the picture its last column.
TEXEL load(int x, int y)
{
    const int column = min(x, edge.x);
#ifdef FROM_SCRGB
    const uvec4 line = slot[y * source_pitch + (column >> 1)];
    return texel_of((column & 1) == 0 ? line.xy : line.zw);
#else
    return texel_of(slot[y * source_pitch + (column >> 2)][column & 3]);
#endif
}

void load_pair(int x, ivec2 rows, out TEXEL c[4])
{
    c = TEXEL[4](load(x, rows.x), load(x + 1, rows.x), load(x, rows.y), load(x + 1, rows.y));
}

// The column left of a pair at x, or column 0 itself.
TEXEL load_left(int x, int y)
{
    return load(max(x - 1, 0), y);
}
#else
// The column left of a block at x; at column 0 some other one.
TEXEL load_left(int x, int y)
{
    const int last = max(x, 4) - 4; // of the quads on the left, their column 0
#ifdef FROM_SCRGB
    return texel_of(slot[y * source_pitch + (last >> 1) + int(edge.x >= 2)].zw);
#else
    return texel_of(slot[y * source_pitch + (last >> 2)].w);
#endif
}
#endif
