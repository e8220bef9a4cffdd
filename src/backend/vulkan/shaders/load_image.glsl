// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT

layout(set = 0, binding = 0) uniform texture2D slot;

TEXEL load(int x, int y)
{
    const vec3 c = texelFetch(slot, ivec2(min(x, edge.x), image_row + y), 0).rgb;
#ifdef FROM_SCRGB
    return c;
#else
    return ivec3(c * FULL + 0.5);
#endif
}

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
