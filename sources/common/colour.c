/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "colour.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const float pq_m1 = 0.1593017578125F;
static const float pq_m2 = 78.84375F;
static const float pq_c1 = 0.8359375F;
static const float pq_c2 = 18.8515625F;
static const float pq_c3 = 18.6875F;

/* `a` where the condition holds, else `b`. Masks, not branches: compilers then do several at once. */
static inline int32_t choose(int condition, int32_t a, int32_t b)
{
    return (a & -condition) | (b & (condition - 1));
}

static inline int32_t half_from_float(float value)
{
    int32_t bits, small_bits;
    memcpy(&bits, &value, sizeof(bits));
    const int32_t magnitude = bits & 0x7fffffff;
    const int32_t normal = (magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13;
    /* Subnormal: adding 0.5 leaves the wanted bits, rounded by the processor, in the lowest bits. */
    const float small = fabsf(value) + 0.5F;
    memcpy(&small_bits, &small, sizeof(small_bits));
    int32_t half = choose(magnitude < 0x38800000, small_bits - 0x3f000000, normal);
    half = choose(magnitude >= 0x477ff000, 0x7c00, half); /* 65520 and more */
    half = choose(magnitude > 0x7f800000, 0x7e00, half);
    return half | (bits >> 16 & 0x8000);
}

uint16_t fr_half_from_float(float value)
{
    return (uint16_t)half_from_float(value);
}

#if defined(__x86_64__)
/* How many it has done: a multiple of 8. The processor rounds as the C above does. */
__attribute__((target("avx,f16c"))) static size_t halves_from_floats_f16c(uint16_t *halves,
                                                                          const float *values, size_t num)
{
    size_t i = 0;
    for (; i + 8 <= num; i += 8) {
        const __m128i eight = _mm256_cvtps_ph(_mm256_loadu_ps(values + i), _MM_FROUND_TO_NEAREST_INT);
        _mm_storeu_si128((__m128i *)(void *)(halves + i), eight);
    }
    return i;
}
#endif

void fr_halves_from_floats(uint16_t *halves, const float *values, size_t num)
{
    size_t i = 0;
#if defined(__x86_64__)
    /* Not every compiler knows F16C by name; every processor with AVX2 has it. */
    if (__builtin_cpu_supports("avx2"))
        i = halves_from_floats_f16c(halves, values, num);
#endif
    for (; i < num; i++)
        halves[i] = (uint16_t)half_from_float(values[i]);
}

float fr_float_from_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    const uint32_t exponent = half >> 10 & 0x1fu;
    const uint32_t mantissa = half & 0x3ffu;
    if (!exponent) {
        const float small = (float)mantissa * 0x1p-24F;
        return sign ? -small : small;
    }
    const uint32_t bits = sign | (exponent == 0x1fu ? 0xffu : exponent + 112u) << 23 | mantissa << 13;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

float fr_pq_to_linear(float signal)
{
    const float root = powf(fmaxf(signal, 0.0F), 1.0F / pq_m2);
    return powf(fmaxf(root - pq_c1, 0.0F) / (pq_c2 - pq_c3 * root), 1.0F / pq_m1);
}

float fr_pq_from_linear(float linear)
{
    const float root = powf(fminf(fmaxf(linear, 0.0F), 1.0F), pq_m1);
    return powf((pq_c1 + pq_c2 * root) / (1.0F + pq_c3 * root), pq_m2);
}

float fr_srgb_to_linear(float signal)
{
    return signal <= 0.04045F ? signal / 12.92F : powf((signal + 0.055F) / 1.055F, 2.4F);
}

float fr_srgb_from_linear(float linear)
{
    return linear <= 0.0031308F ? linear * 12.92F : 1.055F * powf(linear, 1.0F / 2.4F) - 0.055F;
}

float fr_hlg_to_scene(float signal)
{
    const float a = 0.17883277F, b = 0.28466892F, c = 0.55991073F;
    if (signal <= 0.5F)
        return fmaxf(signal, 0.0F) * fmaxf(signal, 0.0F) / 3.0F;
    return (expf((signal - c) / a) + b) / 12.0F;
}

static uint64_t code(float signal, float max)
{
    return (uint64_t)(fminf(fmaxf(signal, 0.0F), 1.0F) * max + 0.5F);
}

uint64_t fr_pixel_pack(fr_format format, fr_rgb in)
{
    if (format == FR_FORMAT_RGBA16F)
        return (uint64_t)fr_half_from_float(in.r) | (uint64_t)fr_half_from_float(in.g) << 16 |
               (uint64_t)fr_half_from_float(in.b) << 32 | (uint64_t)0x3c00u << 48;
    if (format == FR_FORMAT_RGB10A2) {
        const fr_rgb wide = fr_bt2020_from_bt709(in);
        return code(fr_pq_from_linear(wide.r * 80.0F / 10000.0F), 1023.0F) |
               code(fr_pq_from_linear(wide.g * 80.0F / 10000.0F), 1023.0F) << 10 |
               code(fr_pq_from_linear(wide.b * 80.0F / 10000.0F), 1023.0F) << 20 | (uint64_t)3u << 30;
    }
    const uint64_t r = code(fr_srgb_from_linear(in.r), 255.0F);
    const uint64_t g = code(fr_srgb_from_linear(in.g), 255.0F);
    const uint64_t b = code(fr_srgb_from_linear(in.b), 255.0F);
    const uint64_t alpha = (uint64_t)0xffu << 24;
    return format == FR_FORMAT_RGBA8 ? r | g << 8 | b << 16 | alpha : b | g << 8 | r << 16 | alpha;
}

static uint64_t mix_fields(uint64_t from, uint64_t to, uint32_t weight, uint32_t field_bits)
{
    const uint64_t mask = (UINT64_C(1) << field_bits) - 1;
    uint64_t result = 0;
    for (uint32_t shift = 0; shift < 32; shift += field_bits) {
        const uint64_t a = from >> shift & mask, b = to >> shift & mask;
        result |= (a * (255u - weight) + b * weight + 127u) / 255u << shift;
    }
    return result & UINT32_MAX;
}

static uint64_t mix_halves(uint64_t from, uint64_t to, uint32_t weight)
{
    const float share = (float)weight / 255.0F;
    uint64_t result = 0;
    for (uint32_t shift = 0; shift < 64; shift += 16) {
        const float a = fr_float_from_half((uint16_t)(from >> shift));
        const float b = fr_float_from_half((uint16_t)(to >> shift));
        result |= (uint64_t)fr_half_from_float(a + (b - a) * share) << shift;
    }
    return result;
}

uint64_t fr_pixel_mix(fr_format format, uint64_t from, uint64_t to, uint32_t weight)
{
    if (format == FR_FORMAT_RGBA16F)
        return mix_halves(from, to, weight);
    /* The two alpha bits of RGB10A2 are the head of a fourth field. */
    return mix_fields(from, to, weight, format == FR_FORMAT_RGB10A2 ? 10 : 8);
}
