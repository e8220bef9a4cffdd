// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// One plane of a picture from one slot. docs/colour.md has the formulas, and what is exact. Which shader it is:
//
//   VERTEX                                          a triangle over the whole target
//   FROM_RGB8 or FROM_RGB10                         integers, NV12 or P010
//   FROM_SCRGB with TO_P010 or TO_NV12              floats
//   and PLANE_CHROMA for the second plane
//
// For compilers of any age: no functions, no conditional operator, no parameter of a macro in the arguments of
// another.

#ifdef VERTEX

float4 main(uint id : SV_VertexID) : SV_Position
{
    float2 corner = float2((float)((id << 1) & 2), (float)(id & 2));
    return float4(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
}

#else

Texture2D<float4> slot : register(t0);

cbuffer params : register(b0)
{
    int4 edge;             // the last column, the last row
    float4 red_high;       // scRGB to BT.2020, 10000 cd/m2 as 1, a row to each output, each factor as a sum
    float4 red_middle;     // of three, the first two of twelve bits
    float4 red_low;
    float4 green_high;
    float4 green_middle;
    float4 green_low;
    float4 blue_high;
    float4 blue_middle;
    float4 blue_low;
    float4 tone;           // PQ of the display's peak; knee and target with that as 1; 1 = map, 0 = clip
    float4 white;          // of the viewer, cd/m2; 80 / white; 1
};

#define LOAD(color, column, row) \
    color = slot.Load(int3(clamp(column, 0, edge.x), clamp(row, 0, edge.y), 0))

// ---- integers ----

#if defined(FROM_RGB8)
#define FULL 255.0
#define LUMA(c) ((5983 * c.r + 20127 * c.g + 2032 * c.b + 540672) >> 15)
#define CB(c) ((28785 * c.b - 6596 * c.r - 22189 * c.g + 67371008) >> 19)
#define CR(c) ((28784 * c.r - 26145 * c.g - 2639 * c.b + 67371008) >> 19)
#define STORE(code) ((float)(code) / 255.0)
#elif defined(FROM_RGB10)
#define FULL 1023.0
#define LUMA(c) ((235879 * c.r + 608777 * c.g + 53245 * c.b + 67633152) >> 20)
#define CB(c) ((114800 * c.b - 32059 * c.r - 82741 * c.g + 1074790400) >> 21)
#define CR(c) ((114800 * c.r - 105567 * c.g - 9233 * c.b + 1074790400) >> 21)
#define STORE(code) ((float)((code) * 64) / 65535.0)
#endif

// ---- floats ----

// An scRGB component: NaN and -Inf are 0, +Inf is 10000 cd/m2.
#define FINITE(x) \
    if ((asuint(x) & 0x7fffffff) >= 0x7f800000) \
    { \
        special = 0.0; \
        if (asuint(x) == 0x7f800000) \
            special = 125.0; \
        x = special; \
    }

// sum += term, exactly: what is lost goes to rest. Each step is multiplied by white.z, which no compiler knows to
// be 1: to one that reckons as with real numbers there would be nothing to lose.
#define ADD \
    before = sum; \
    sum = (before + term) * white.z; \
    part = (sum - before) * white.z; \
    rest += (before - (sum - part) * white.z) + (term - part)

// Large components of opposite sign may cancel, and PQ is steep at black: the sum is made as of doubles. The
// components have eleven bits, so that the products with factors of twelve bits are exact.
#define LIGHT(result, color, high, middle, low) \
    sum = color.r * high.r; \
    rest = 0.0; \
    term = color.g * high.g; \
    ADD; \
    term = color.b * high.b; \
    ADD; \
    term = color.r * middle.r; \
    ADD; \
    term = color.g * middle.g; \
    ADD; \
    term = color.b * middle.b; \
    ADD; \
    rest += color.r * low.r + color.g * low.g + color.b * low.b; \
    result = saturate(sum + rest)

#define PQ(light) \
    pow((0.8359375 + 18.8515625 * pow(light, 0.1593017578125)) / (1.0 + 18.6875 * pow(light, 0.1593017578125)), \
        78.84375)

#if defined(TO_P010)

#define ENCODE(color) \
    LIGHT(signal.r, color, red_high, red_middle, red_low); \
    LIGHT(signal.g, color, green_high, green_middle, green_low); \
    LIGHT(signal.b, color, blue_high, blue_middle, blue_low); \
    signal.r = PQ(signal.r); \
    signal.g = PQ(signal.g); \
    signal.b = PQ(signal.b)

#define Y(c) (0.2627 * c.r + 0.6780 * c.g + 0.0593 * c.b)
#define LUMA_CODE(y) floor(876.0 * (y) + 64.5)
// Of a difference with the weights 1 2 1 and 1 1.
#define CB_CODE(d) floor((896.0 / 1.8814 / 8.0) * (d) + 512.5)
#define CR_CODE(d) floor((896.0 / 1.4746 / 8.0) * (d) + 512.5)
#define STORE(code) ((code) * 64.0 / 65535.0)

#elif defined(TO_NV12)

#define SRGB(x) \
    if (x <= 0.0031308) \
        x = 12.92 * x; \
    else \
        x = 1.055 * pow(x, 1.0 / 2.4) - 0.055

// F(N) / N of BT.2390 without lifted black, N being the largest component.
#define ENCODE(color) \
    nits = 80.0 * max(max(max(color.r, color.g), color.b), 5.9604644775390625e-8); \
    mapped = nits; \
    level = PQ(min(nits / 10000.0, 1.0)) / tone.x; \
    if (level > tone.y) \
    { \
        t = saturate((level - tone.y) / (1.0 - tone.y)); \
        level = ((2.0 * t - 3.0) * t * t + 1.0) * tone.y + ((t - 2.0) * t + 1.0) * t * (1.0 - tone.y) + \
                (3.0 - 2.0 * t) * t * t * tone.z; \
        root = pow(level * tone.x, 1.0 / 78.84375); \
        mapped = 10000.0 * pow(max(root - 0.8359375, 0.0) / (18.8515625 - 18.6875 * root), 1.0 / 0.1593017578125); \
    } \
    gain = lerp(1.0, white.y * min(mapped, white.x) / nits, tone.w); \
    signal.rgb = saturate(color.rgb * gain); \
    SRGB(signal.r); \
    SRGB(signal.g); \
    SRGB(signal.b)

#define Y(c) (0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b)
#define LUMA_CODE(y) floor(219.0 * (y) + 16.5)
#define CB_CODE(d) floor((224.0 / 1.8556 / 8.0) * (d) + 128.5)
#define CR_CODE(d) floor((224.0 / 1.5748 / 8.0) * (d) + 128.5)
#define STORE(code) ((code) / 255.0)

#endif

#ifdef PLANE_CHROMA
// The even column and its neighbours, both rows. No loop: not every compiler gets it right.
#define ALL_TAPS \
    int column = (int)position.x * 2 - 1; \
    int row = (int)position.y * 2; \
    int weight = 1; \
    TAP \
    column = column + 1; \
    weight = 2; \
    TAP \
    column = column + 1; \
    weight = 1; \
    TAP \
    row = row + 1; \
    TAP \
    column = column - 1; \
    weight = 2; \
    TAP \
    column = column - 1; \
    weight = 1; \
    TAP
#ifdef FULL
#define TAP \
    LOAD(color, column, row); \
    total = total + (int4)(color * FULL + 0.5) * weight;
#else
#define TAP \
    LOAD(color, column, row); \
    FINITE(color.r) \
    FINITE(color.g) \
    FINITE(color.b) \
    ENCODE(color); \
    blue = blue + (signal.b - Y(signal)) * (float)weight; \
    red = red + (signal.r - Y(signal)) * (float)weight;
#endif
#endif

float4 main(float4 position : SV_Position) : SV_Target
{
    float4 color;
#ifdef FULL
#ifdef PLANE_CHROMA
    int4 total = int4(0, 0, 0, 0);
    ALL_TAPS
    return float4(STORE(CB(total)), STORE(CR(total)), 0.0, 0.0);
#else
    LOAD(color, (int)position.x, (int)position.y);
    int4 code = (int4)(color * FULL + 0.5);
    return float4(STORE(LUMA(code)), 0.0, 0.0, 0.0);
#endif
#else
    float special, sum, rest, before, part, term;
    float nits, mapped, level, t, root, gain;
    float4 signal = float4(0.0, 0.0, 0.0, 0.0);
#ifdef PLANE_CHROMA
    float blue = 0.0;
    float red = 0.0;
    ALL_TAPS
    return float4(STORE(CB_CODE(blue)), STORE(CR_CODE(red)), 0.0, 0.0);
#else
    LOAD(color, (int)position.x, (int)position.y);
    FINITE(color.r)
    FINITE(color.g)
    FINITE(color.b)
    ENCODE(color);
    return float4(STORE(LUMA_CODE(Y(signal))), 0.0, 0.0, 0.0);
#endif
#endif
}

#endif
