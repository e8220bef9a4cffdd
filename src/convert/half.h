/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_HALF_H
#define FR_CONVERT_HALF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The scRGB value of 10000 cd/m2, which stands for +Inf. */
#define FR_SCRGB_MAX 125.0f

static inline float fr_float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static inline uint32_t fr_bits_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

/*
 * An scRGB component: the half's value, but NaN and -Inf are 0 and +Inf is FR_SCRGB_MAX. With masks, as
 * compilers make jumps of conditions, which a picture's signs mispredict; and without a subnormal float,
 * which costs a hundred cycles: 2^-14 is added to a subnormal half's fraction and taken off again.
 */
static inline float fr_scrgb_from_half(uint16_t half)
{
    const uint32_t word = half, exponent = word & 0x7c00;
    const uint32_t subnormal = 0u - (uint32_t)(exponent == 0);
    const uint32_t special = 0u - (uint32_t)(exponent == 0x7c00);
    const uint32_t infinite = 0u - (uint32_t)(word == 0x7c00);
    const uint32_t bits = ((word & 0x7fff) << 13) + (112u << 23) + (subnormal & 1u << 23);
    const float magnitude =
        fr_float_from_bits(bits) - fr_float_from_bits(subnormal & fr_bits_from_float(0x1p-14f));
    const uint32_t finite = (fr_bits_from_float(magnitude) | (word & 0x8000) << 16) & ~special;
    return fr_float_from_bits(finite | (infinite & fr_bits_from_float(FR_SCRGB_MAX)));
}

/* `value`, if not NaN, clamped to 0..1; with masks as above. */
static inline float fr_clamp_unit(float value)
{
    const uint32_t bits = fr_bits_from_float(value), one = fr_bits_from_float(1);
    const uint32_t positive = bits & ((bits >> 31) - 1);
    const uint32_t above = 0u - (uint32_t)(positive > one);
    return fr_float_from_bits((positive & ~above) | (one & above));
}

#endif
