// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT

layout(set = 0, binding = 0) uniform sampler2D slot;

TEXEL texel_of(vec3 c)
{
#ifdef FROM_SCRGB
    return c;
#else
    // 2^23 added, the code is what the float's bits end with.
    return floatBitsToInt(c * FULL + 8388608.0);
#endif
}

TEXEL load(int x, int y)
{
    return texel_of(texelFetch(slot, ivec2(min(x, edge.x), image_row + y), 0).rgb);
}

#ifdef PAIRS
// Two columns of two rows: the upper one, then the lower. Texels of 8 bytes by three gathers, which cost less than four
// fetches; those of 4 bytes by fetches.
void load_pair(int x, ivec2 rows, out TEXEL c[4])
{
#ifdef FROM_SCRGB
    const vec2 middle = vec2(x + 1, image_row + rows.x + 1) * texel;
    const vec4 r = textureGather(slot, middle, 0), g = textureGather(slot, middle, 1), b = textureGather(slot, middle, 2);
    c = TEXEL[4](TEXEL(r.w, g.w, b.w), TEXEL(r.z, g.z, b.z), TEXEL(r.x, g.x, b.x), TEXEL(r.y, g.y, b.y));
#else
    c = TEXEL[4](load(x, rows.x), load(x + 1, rows.x), load(x, rows.y), load(x + 1, rows.y));
#endif
}
#endif

// Column x to x + 3; right of the picture its last column goes on.
void load_quad(out TEXEL quad[4], int x, int y)
{
    [[unroll]] for (int i = 0; i < 4; i++)
        quad[i] = load(x + i, y);
}

// The column left of a block at x, or of column 0 itself.
TEXEL load_left(int x, int y)
{
    return load(max(x - 1, 0), y);
}
