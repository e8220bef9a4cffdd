/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct triple {
    double r, g, b;
} triple;

double reference_half(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const double sign = half >> 15 ? -1 : 1;
    if (exponent == 31)
        return fraction ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

uint16_t reference_half_from(double value)
{
    const double size = fabs(value);
    int exponent = size > 0 ? (int)floor(log2(size)) : -14;
    if (exponent < -14)
        exponent = -14;
    long fraction = lround(ldexp(size, 10 - exponent)); /* 1024.. for a normal number */
    if (fraction == 2048) {
        fraction = 1024;
        exponent++;
    }
    const long bits = fraction < 1024 ? fraction : fraction - 1024 + (exponent + 15) * 1024L;
    return (uint16_t)((bits > 0x7bff ? 0x7bff : bits) | (value < 0 ? 0x8000 : 0));
}

double reference_pq(double nits)
{
    /* SMPTE ST 2084, with its constants as the fractions that it gives. */
    const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
    const double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
    const double y = pow(fmin(fmax(nits, 0), 10000) / 10000, m1);
    return pow((c1 + c2 * y) / (1 + c3 * y), m2);
}

static double pq_to_nits(double signal)
{
    const double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
    const double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
    const double n = pow(signal, 1 / m2);
    return n <= c1 ? 0 : 10000 * pow((n - c1) / (c2 - c3 * n), 1 / m1);
}

double reference_tone(double nits, double peak, double white)
{
    if (peak <= white)
        return fmin(nits, white);
    const double top = reference_pq(peak);
    const double max_lum = reference_pq(white) / top;
    const double knee_start = fmax(0, 1.5 * max_lum - 0.5);
    const double e1 = fmin(reference_pq(nits) / top, 1);
    if (e1 < knee_start)
        return nits;
    /* The Hermite spline of BT.2390 as a Bernstein polynomial: ends knee_start and max_lum, slopes
     * (1 - knee_start) and 0. */
    const double t = (e1 - knee_start) / (1 - knee_start), s = 1 - t;
    const double control = knee_start + (1 - knee_start) / 3;
    const double e2 =
        s * s * s * knee_start + 3 * s * s * t * control + 3 * s * t * t * max_lum + t * t * t * max_lum;
    return pq_to_nits(e2 * top);
}

static double srgb(double linear)
{
    return linear <= 0.0031308 ? linear * 12.92 : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

static double sane(uint16_t half)
{
    const double value = reference_half(half);
    if (!(value > -INFINITY)) /* NaN too */
        return 0;
    return value == INFINITY ? 10000.0 / 80 : value;
}

static triple load_scrgb(const uint8_t *at)
{
    uint16_t halves[3];
    memcpy(halves, at, sizeof(halves));
    return (triple){sane(halves[0]), sane(halves[1]), sane(halves[2])};
}

static triple signal_p010(const uint8_t *at)
{
    const triple c = load_scrgb(at);
    return (triple){
        reference_pq(80 * (0.627403914 * c.r + 0.329283038 * c.g + 0.043313048 * c.b)),
        reference_pq(80 * (0.069097292 * c.r + 0.919540405 * c.g + 0.011362303 * c.b)),
        reference_pq(80 * (0.016391439 * c.r + 0.088013308 * c.g + 0.895595253 * c.b)),
    };
}

static triple signal_sdr(const fr_convert_params *params, const uint8_t *at)
{
    const triple c = load_scrgb(at);
    double factor = 1;
    const double largest = 80 * fmax(c.r, fmax(c.g, c.b));
    if (params->sdr_map == FR_SDR_MAP_TONE) {
        const double peak = params->peak_millinits ? params->peak_millinits / 1000.0 : 1000;
        const double white = params->sdr_white_millinits ? params->sdr_white_millinits / 1000.0 : 203;
        factor = 80 / white;
        if (largest > 0)
            factor *= reference_tone(largest, peak, white) / largest;
    }
    return (triple){
        srgb(fmin(fmax(c.r * factor, 0), 1)),
        srgb(fmin(fmax(c.g * factor, 0), 1)),
        srgb(fmin(fmax(c.b * factor, 0), 1)),
    };
}

static triple signal_of(const fr_convert_params *params, const uint8_t *at)
{
    if (params->from == FR_FORMAT_BGRA8)
        return (triple){at[2] / 255.0, at[1] / 255.0, at[0] / 255.0};
    if (params->from == FR_FORMAT_RGBA8)
        return (triple){at[0] / 255.0, at[1] / 255.0, at[2] / 255.0};
    if (params->from == FR_FORMAT_RGB10A2) {
        uint32_t w;
        memcpy(&w, at, sizeof(w));
        return (triple){(w & 0x3ff) / 1023.0, (w >> 10 & 0x3ff) / 1023.0, (w >> 20 & 0x3ff) / 1023.0};
    }
    return params->to == FR_FORMAT_P010 ? signal_p010(at) : signal_sdr(params, at);
}

/* One component, with 1 2 1 across and 1 1 down about the sample, the picture's edge replicated. */
static double filtered(const double *plane, size_t width, size_t height, size_t x, size_t y)
{
    const size_t left = x ? x - 1 : 0, right = x + 1 < width ? x + 1 : x, below = y + 1 < height ? y + 1 : y;
    const double *const a = plane + y * width, *const b = plane + below * width;
    return ((a[left] + b[left]) + 2 * (a[x] + b[x]) + (a[right] + b[right])) / 8;
}

void reference_convert(const fr_convert_params *params, const void *src, ptrdiff_t src_pitch_bytes,
                       double *luma, double *chroma)
{
    const size_t width = params->width, height = params->height,
                 pixel_bytes = fr_format_pixel_bytes(params->from);
    const double kr = params->to == FR_FORMAT_P010 ? 0.2627 : 0.2126;
    const double kb = params->to == FR_FORMAT_P010 ? 0.0593 : 0.0722;
    const double unit = params->to == FR_FORMAT_P010 ? 4 : 1; /* 8-bit codes to codes of this depth */
    double *const blue = calloc(2 * width * height, sizeof(double)), *const red = blue + width * height;

    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const triple c =
                signal_of(params, (const uint8_t *)src + (ptrdiff_t)y * src_pitch_bytes + pixel_bytes * x);
            const double l = kr * c.r + (1 - kr - kb) * c.g + kb * c.b;
            luma[y * width + x] = unit * (16 + 219 * l);
            blue[y * width + x] = (c.b - l) / (2 * (1 - kb));
            red[y * width + x] = (c.r - l) / (2 * (1 - kr));
        }
    for (size_t y = 0; y < height; y += 2)
        for (size_t x = 0; x < width; x += 2) {
            *chroma++ = unit * (128 + 224 * filtered(blue, width, height, x, y));
            *chroma++ = unit * (128 + 224 * filtered(red, width, height, x, y));
        }
    free(blue);
}
