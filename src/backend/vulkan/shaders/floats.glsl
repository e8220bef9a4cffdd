// SPDX-FileCopyrightText: The framering authors
// SPDX-License-Identifier: MIT
//
// scRGB to P010 (PQ) or to NV12 (mapped or clipped, sRGB).

#define TEXEL vec3
#define SIGNAL vec3
#define TAP vec2

// PQ by its formula instead of by the quotient below: for comparison.
layout(constant_id = 5) const int PQ_BY_POWERS = 0;

// NaN and -Inf are 0, +Inf is 10000 cd/m2.
float finite(float x)
{
    const uint bits = floatBitsToUint(x);
    return (bits & 0x7fffffffu) < 0x7f800000u ? x : bits == 0x7f800000u ? 125.0 : 0.0;
}

// A component is NaN, infinite or has a sign.
bool is_special(vec3 c)
{
    const uvec3 bits = floatBitsToUint(c);
    return max(max(bits.r, bits.g), bits.b) >= 0x7f800000u;
}

vec3 root(vec3 x)
{
    return inversesqrt(inversesqrt(x)); // the fourth
}

// Light of at least 2^-60. A quotient of polynomials in the fourth root, fitted so that its largest error over 0..1
// is smallest: 1.5e-6 in single precision, 0.0013 of a 10-bit code. Two powers of a GPU are less exact: by 2^-21 in
// a logarithm that is multiplied by 78.8.
vec3 pq(vec3 light)
{
    if (PQ_BY_POWERS != 0) {
        const vec3 p = pow(light, vec3(0.1593017578125));
        return pow((0.8359375 + 18.8515625 * p) / (1.0 + 18.6875 * p), vec3(78.84375));
    }
    const vec3 t = root(light);
    const vec3 above = ((((38.2368889 * t + 2915.95117) * t + 2062.52954) * t + 4.26818466) * t + 0.0101693235) * t -
                       4.67460808e-07;
    const vec3 below = (((1722.98608 * t + 2512.72607) * t + 734.670105) * t + 49.6199112) * t + 1.0;
    // One division for all three.
    const float red_green = below.r * below.g, inverse = 1.0 / (red_green * below.b), rest = inverse * below.b;
    return above * vec3(rest * below.g, rest * below.r, inverse * red_green);
}

uvec2 codes(vec2 value)
{
    return uvec2(value);
}

#ifdef TO_P010

// scRGB to BT.2020, 10000 cd/m2 as 1: column c of output k is x_kc; each factor as a sum of three, the first two of
// twelve bits. (xH + xM + xL in single precision is the factor that is enough where nothing cancels.)
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
layout(constant_id = 26) const float middle_0 = 0.0;
layout(constant_id = 27) const float middle_1 = 0.0;
layout(constant_id = 28) const float middle_2 = 0.0;
layout(constant_id = 29) const float middle_3 = 0.0;
layout(constant_id = 30) const float middle_4 = 0.0;
layout(constant_id = 31) const float middle_5 = 0.0;
layout(constant_id = 32) const float middle_6 = 0.0;
layout(constant_id = 33) const float middle_7 = 0.0;
layout(constant_id = 34) const float middle_8 = 0.0;
layout(constant_id = 35) const float low_0 = 0.0;
layout(constant_id = 36) const float low_1 = 0.0;
layout(constant_id = 37) const float low_2 = 0.0;
layout(constant_id = 38) const float low_3 = 0.0;
layout(constant_id = 39) const float low_4 = 0.0;
layout(constant_id = 40) const float low_5 = 0.0;
layout(constant_id = 41) const float low_6 = 0.0;
layout(constant_id = 42) const float low_7 = 0.0;
layout(constant_id = 43) const float low_8 = 0.0;

#define WEIGH(c, m) \
    ((c).r * vec3(m##_0, m##_3, m##_6) + (c).g * vec3(m##_1, m##_4, m##_7) + (c).b * vec3(m##_2, m##_5, m##_8))

// sum += term, exactly: what is lost goes to rest.
void add(inout vec3 sum, inout vec3 rest, vec3 term)
{
    precise const vec3 next = sum + term;
    precise const vec3 part = next - sum;
    precise const vec3 lost = (sum - (next - part)) + (term - part);
    precise const vec3 kept = rest + lost;
    sum = next;
    rest = kept;
}

// As of doubles. The components have eleven bits, so that the products with factors of twelve bits are exact.
vec3 light_exactly(vec3 c)
{
    precise vec3 sum = c.r * vec3(high_0, high_3, high_6);
    precise vec3 rest = vec3(0.0);
    precise const vec3 green = c.g * vec3(high_1, high_4, high_7);
    precise const vec3 blue = c.b * vec3(high_2, high_5, high_8);
    precise const vec3 red_middle = c.r * vec3(middle_0, middle_3, middle_6);
    precise const vec3 green_middle = c.g * vec3(middle_1, middle_4, middle_7);
    precise const vec3 blue_middle = c.b * vec3(middle_2, middle_5, middle_8);
    add(sum, rest, green);
    add(sum, rest, blue);
    add(sum, rest, red_middle);
    add(sum, rest, green_middle);
    add(sum, rest, blue_middle);
    precise const vec3 small = WEIGH(c, low);
    return sum + (rest + small);
}

// Large components of opposite sign may cancel, and PQ is steep at black. The plain sum is off by 2^-22 of what was
// summed at most: where a 32nd of that is left, by 1e-5 of the light, 0.0015 of a code.
vec3 light_of_special(vec3 c)
{
    c = vec3(finite(c.r), finite(c.g), finite(c.b));
    const vec3 plain = WEIGH(c, m), summed = WEIGH(abs(c), m);
    return any(lessThan(abs(plain), summed * 0.03125)) ? light_exactly(c) : plain;
}

SIGNAL signal_of(vec3 light)
{
    return pq(clamp(light, 8.673617379884035e-19, 1.0));
}

SIGNAL decode(TEXEL c)
{
    return signal_of(is_special(c) ? light_of_special(c) : WEIGH(c, m));
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
        [[dont_unroll]] for (int i = 0; i < 4; i++) {
            const vec3 one = light_of_special(i < 2 ? (i == 0 ? c[0] : c[1]) : (i == 2 ? c[2] : c[3]));
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
    return codes(vec2(896.0 / 1.8814 / 8.0, 896.0 / 1.4746 / 8.0) * tap + 512.5);
}

#else

// x^(1 / 2.4) by a polynomial in the fourth root, fitted as above from 0.0031308 on: 5e-7.
vec3 srgb(vec3 x)
{
    const vec3 t = root(max(x, 0.003));
    const vec3 curved =
        ((((((-0.0762342885 * t + 0.39482075) * t - 0.898613453) * t + 1.20935178) * t - 1.15601313) * t + 1.46156526) *
             t +
         0.123568773) *
            t -
        0.0584460646;
    return mix(curved, 12.92 * x, lessThanEqual(x, vec3(0.0031308)));
}

// 80 / W * F(N) / N, F being that of BT.2390 without lifted black, N of the largest component.
float gain(float largest)
{
    const float nits = 80.0 * max(largest, 5.9604644775390625e-8);
    const float level = pq(vec3(min(nits / 10000.0, 1.0))).x / tone.x;
    float mapped = nits;
    if (level > tone.y) {
        const float t = clamp((level - tone.y) / (1.0 - tone.y), 0.0, 1.0);
        const float bent = ((2.0 * t - 3.0) * t * t + 1.0) * tone.y + ((t - 2.0) * t + 1.0) * t * (1.0 - tone.y) +
                           (3.0 - 2.0 * t) * t * t * tone.z;
        const float power = pow(bent * tone.x, 1.0 / 78.84375);
        mapped = 10000.0 *
                 pow(max(power - 0.8359375, 0.0) / (18.8515625 - 18.6875 * power), 1.0 / 0.1593017578125);
    }
    return white.y * min(mapped, white.x) / nits;
}

SIGNAL decode(TEXEL c)
{
    if (is_special(c))
        c = vec3(finite(c.r), finite(c.g), finite(c.b));
    if (tone.w != 0.0)
        c *= gain(max(max(c.r, c.g), c.b));
    return srgb(clamp(c, 0.0, 1.0));
}

float y_of(SIGNAL c)
{
    return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
}

uint luma_code(SIGNAL c)
{
    return uint(219.0 * y_of(c) + 16.5);
}

void decode_four(TEXEL c[4], out SIGNAL result[4])
{
    [[unroll]] for (int i = 0; i < 4; i++)
        result[i] = decode(c[i]);
}

uvec2 chroma_code(TAP tap)
{
    return codes(vec2(224.0 / 1.8556 / 8.0, 224.0 / 1.5748 / 8.0) * tap + 128.5);
}

#endif

TAP tap_of(SIGNAL a, SIGNAL b)
{
    const float y = y_of(a) + y_of(b);
    return TAP(a.b + b.b - y, a.r + b.r - y);
}
