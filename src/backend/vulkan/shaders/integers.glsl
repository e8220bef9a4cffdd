// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// Bytes to NV12, ten bits to P010: exactly the integers of convert/bgra_nv12.h and convert/rgb10a2_p010.h.

#define TEXEL ivec3
#define SIGNAL ivec3
#define TAP ivec2

SIGNAL decode(TEXEL code)
{
    return code;
}

void decode_four(TEXEL code[4], out SIGNAL result[4])
{
    result = code;
}

// Of an image the components have this in their upper bits. It goes from a sum again, as sums are modulo 2^32: of taps by
// itself, since their weights sum to 0.
#ifdef FROM_BUFFER
#define BIAS 0
#else
#define BIAS 0x4b000000
#endif

int weigh(ivec3 c, int r, int g, int b)
{
    return c.r * r + c.g * g + c.b * b;
}

#ifdef FROM_RGB8

#define FULL 255.0

uint luma_code(SIGNAL c)
{
    return uint(weigh(c, 5983, 20127, 2032) - BIAS * (5983 + 20127 + 2032) + (16 << 15) + (1 << 14)) >> 15;
}

TAP tap_of(SIGNAL a, SIGNAL b)
{
    return TAP(weigh(a + b, -6596, -22189, 28785), weigh(a + b, 28784, -26145, -2639));
}

// Of a tap with the weights 1 2 1.
uvec2 chroma_code(TAP tap)
{
    return uvec2(tap + ((128 << 19) + (1 << 18))) >> 19;
}

#else

#define FULL 1023.0

uint luma_code(SIGNAL c)
{
    return uint(weigh(c, 235879, 608777, 53245) - BIAS * (235879 + 608777 + 53245) + (64 << 20) + (1 << 19)) >> 20;
}

TAP tap_of(SIGNAL a, SIGNAL b)
{
    return TAP(weigh(a + b, -32059, -82741, 114800), weigh(a + b, 114800, -105567, -9233));
}

uvec2 chroma_code(TAP tap)
{
    return uvec2(tap + ((512 << 21) + (1 << 20))) >> 21;
}

#endif
