// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// scRGB to P010 (PQ) or to NV12 (mapped or clipped, sRGB).

#define TEXEL vec3
#define SIGNAL vec3
#define TAP vec2

// NaN and -Inf are 0, +Inf is 10000 cd/m2.
float finite(float x)
{
    const uint bits = floatBitsToUint(x);
    return (bits & 0x7fffffffu) < 0x7f800000u ? x : bits == 0x7f800000u ? 125.0 : 0.0;
}

vec3 all_finite(vec3 c)
{
    return vec3(finite(c.r), finite(c.g), finite(c.b));
}

// Light of at least 2^-60, by the logarithm of either: PQ's is a polynomial of the light's, fitted over 2^-36 to 1 so that
// the largest error of PQ is smallest: 0.0011 of a 10-bit code, below 2^-36 PQ goes to 0. The formula's two powers would
// be less exact on a GPU: by 2^-21 in a logarithm that is multiplied by 78.8.
vec3 pq(vec3 light)
{
    const vec3 u = log2(light);
    return exp2((((((((-4.280268414e-12 * u - 2.073814037e-10) * u + 2.015943856e-09) * u + 3.323089471e-08) * u -
                     1.787355927e-06) * u + 1.603234559e-04) * u - 5.227895453e-03) * u + 1.046776175e-01) * u +
                1.707844262e-06);
}

#ifdef TO_P010

// scRGB to BT.2020, 10000 cd/m2 as 1: column c of output k is of element 3 k + c; each factor, and the same as a sum of
// two, the first of twelve bits.
layout(constant_id = 8) const float m_0 = 0.0;
layout(constant_id = 9) const float m_1 = 0.0;
layout(constant_id = 10) const float m_2 = 0.0;
layout(constant_id = 11) const float m_3 = 0.0;
layout(constant_id = 12) const float m_4 = 0.0;
layout(constant_id = 13) const float m_5 = 0.0;
layout(constant_id = 14) const float m_6 = 0.0;
layout(constant_id = 15) const float m_7 = 0.0;
layout(constant_id = 16) const float m_8 = 0.0;
layout(constant_id = 17) const float high_0 = 0.0;
layout(constant_id = 18) const float high_1 = 0.0;
layout(constant_id = 19) const float high_2 = 0.0;
layout(constant_id = 20) const float high_3 = 0.0;
layout(constant_id = 21) const float high_4 = 0.0;
layout(constant_id = 22) const float high_5 = 0.0;
layout(constant_id = 23) const float high_6 = 0.0;
layout(constant_id = 24) const float high_7 = 0.0;
layout(constant_id = 25) const float high_8 = 0.0;
layout(constant_id = 26) const float rest_0 = 0.0;
layout(constant_id = 27) const float rest_1 = 0.0;
layout(constant_id = 28) const float rest_2 = 0.0;
layout(constant_id = 29) const float rest_3 = 0.0;
layout(constant_id = 30) const float rest_4 = 0.0;
layout(constant_id = 31) const float rest_5 = 0.0;
layout(constant_id = 32) const float rest_6 = 0.0;
layout(constant_id = 33) const float rest_7 = 0.0;
layout(constant_id = 34) const float rest_8 = 0.0;

// A component is NaN, infinite or has a sign.
bool is_special(vec3 c)
{
    const uvec3 bits = floatBitsToUint(c);
    return max(max(bits.r, bits.g), bits.b) >= 0x7f800000u;
}

#define WEIGH(c, m) \
    ((c).r * vec3(m##_0, m##_3, m##_6) + (c).g * vec3(m##_1, m##_4, m##_7) + (c).b * vec3(m##_2, m##_5, m##_8))

// sum += term, exactly: what is lost is counted.
void add(inout vec3 sum, inout vec3 lost, vec3 term)
{
    precise const vec3 next = sum + term;
    precise const vec3 part = next - sum;
    precise const vec3 error = (sum - (next - part)) + (term - part);
    precise const vec3 kept = lost + error;
    sum = next;
    lost = kept;
}

// To 36 bits of what is summed. The components have eleven bits, so that the products with factors of twelve bits are
// exact.
vec3 light_exactly(vec3 c)
{
    precise vec3 sum = c.r * vec3(high_0, high_3, high_6);
    precise vec3 lost = vec3(0.0);
    precise const vec3 green = c.g * vec3(high_1, high_4, high_7);
    precise const vec3 blue = c.b * vec3(high_2, high_5, high_8);
    add(sum, lost, green);
    add(sum, lost, blue);
    precise const vec3 small = WEIGH(c, rest);
    return sum + (lost + small);
}

// Large components of opposite sign may cancel, and PQ is steep at black. The plain sum is off by 2^-22 of what was
// summed at most, which is no more than the largest component times 0.008, the sum of any output's factors. Where a 4096th
// of that is left, it is off by 2^-10 of the light, and PQ rises by 95 codes at most where the light rises by a factor of
// e: 0.09 of a code. False where one is no number: then no light is.
bool plain_will_do(vec3 c, vec3 light)
{
    const float least = min(min(abs(light.r), abs(light.g)), abs(light.b));
    const float largest = max(max(abs(c.r), abs(c.g)), abs(c.b));
    return floatBitsToUint(abs(light.r)) < 0x7f800000u && least >= largest * (0.008 / 4096.0);
}

SIGNAL signal_of(vec3 light)
{
    return pq(clamp(light, 8.673617379884035e-19, 1.0));
}

SIGNAL decode(TEXEL c)
{
    vec3 light = WEIGH(c, m);
    if (is_special(c) && !plain_will_do(c, light))
        light = light_exactly(all_finite(c));
    return signal_of(light);
}

// The same of four. What special ones need is there once, not four times: code that is seldom run would push out of
// the instruction caches what is always run.
void decode_four(TEXEL c[4], out SIGNAL result[4])
{
    vec3 light[4];
    bool special = false;
    [[unroll]] for (int i = 0; i < 4; i++) {
        light[i] = WEIGH(c[i], m);
        special = special || is_special(c[i]);
    }
    if (special) {
        uint careful = 0;
        [[unroll]] for (int i = 0; i < 4; i++)
            careful |= plain_will_do(c[i], light[i]) ? 0 : 1u << i;
        [[dont_unroll]] for (int i = 0; i < 4; i++) {
            if ((careful >> i & 1u) == 0)
                continue;
            const vec3 one = light_exactly(all_finite(i < 2 ? (i == 0 ? c[0] : c[1]) : (i == 2 ? c[2] : c[3])));
            light[0] = i == 0 ? one : light[0];
            light[1] = i == 1 ? one : light[1];
            light[2] = i == 2 ? one : light[2];
            light[3] = i == 3 ? one : light[3];
        }
    }
    [[unroll]] for (int i = 0; i < 4; i++)
        result[i] = signal_of(light[i]);
}

float y_of(SIGNAL c)
{
    return 0.2627 * c.r + 0.6780 * c.g + 0.0593 * c.b;
}

uint luma_code(SIGNAL c)
{
    return uint(876.0 * y_of(c) + 64.5);
}

// Of a tap with the weights 1 2 1.
uvec2 chroma_code(TAP tap)
{
    return uvec2(vec2(896.0 / 1.8814 / 8.0, 896.0 / 1.4746 / 8.0) * tap + 512.5);
}

#else

// A SIGNAL is (s + 0.055) / 1.055, s being that of sRGB.
vec3 srgb(vec3 x)
{
    return mix(pow(x, vec3(1.0 / 2.4)), 12.92 / 1.055 * x + 0.055 / 1.055, lessThanEqual(x, vec3(0.0031308)));
}

// 80 / W * F(N) / N, F being that of BT.2390 without lifted black, N of the largest component. F(N) is N up to the knee
// and the same from the display's peak on; the logarithm of the factor between is a polynomial of that of N.
float factor_of(float largest)
{
    const float at = log2(max(largest, 5.9604644775390625e-8)) * tone.x + tone.y, u = clamp(at, -1.0, 1.0);
    const float curve = (((((((gain[8] * u + gain[7]) * u + gain[6]) * u + gain[5]) * u + gain[4]) * u + gain[3]) * u +
                          gain[2]) * u + gain[1]) * u + gain[0];
    return exp2(curve - max(at - 1.0, 0.0) * tone.z);
}

bool is_no_number(vec3 c)
{
    return floatBitsToUint(abs(c.r) + abs(c.g) + abs(c.b)) >= 0x7f800000u;
}

SIGNAL decode(TEXEL c)
{
    if (is_no_number(c))
        c = all_finite(c);
    if (tone.w != 0.0)
        c *= factor_of(max(max(c.r, c.g), c.b));
    return srgb(clamp(c, 0.0, 1.0));
}

float y_of(SIGNAL c)
{
    return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

uint luma_code(SIGNAL c)
{
    return uint(219.0 * 1.055 * y_of(c) + (16.5 - 219.0 * 0.055));
}

void decode_four(TEXEL c[4], out SIGNAL result[4])
{
    [[unroll]] for (int i = 0; i < 4; i++)
        result[i] = decode(c[i]);
}

uvec2 chroma_code(TAP tap)
{
    return uvec2(vec2(224.0 * 1.055 / 1.8556 / 8.0, 224.0 * 1.055 / 1.5748 / 8.0) * tap + 128.5);
}

#endif

TAP tap_of(SIGNAL a, SIGNAL b)
{
    const float y = y_of(a) + y_of(b);
    return TAP(a.b + b.b - y, a.r + b.r - y);
}
