/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "light.h"

#include "common/colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CURVE_MAX = 16384, /* steps from 0 to 1 of the signal: finer than half floats are */
    CURVE_TOP = 18432, /* 1.125: narrow range has room above its white, and HLG uses it */
    CHUNK = 256,       /* pixels done at a time */
    /* The system gain Y^0.2 by the upper bits of a float: exponents 2^-24 to 2^1, 11 bits of the mantissa. */
    GAIN_SHIFT = 12,
    GAIN_FIRST = (127 - 24) << (23 - GAIN_SHIFT),
    NUM_GAINS = 26 << (23 - GAIN_SHIFT),
};

static const float hlg_peak_nits = 1000.0F;
static const float hlg_gamma = 1.2F;

struct fr_light {
    fr_light_params params;
    float offset_y, scale_y, offset_c, scale_c; /* codes to 0..1 and -0.5..0.5 */
    float cr_to_r, cb_to_g, cr_to_g, cb_to_b;
    float curve[CURVE_TOP + 1]; /* PQ: scRGB; HLG: scene light */
    float gains[NUM_GAINS];     /* HLG: Y^0.2 as scRGB */
    float signal[3][CHUNK];     /* R'G'B' */
    float light[3][CHUNK];      /* RGB */
    float out[CHUNK * 4];
};

static void make_tables(fr_light *light)
{
    const bool pq = light->params.curve == FR_LIGHT_PQ;
    for (uint32_t i = 0; i <= CURVE_TOP; i++) {
        const float signal = (float)i / (float)CURVE_MAX;
        light->curve[i] =
            pq ? fr_pq_to_linear(fminf(signal, 1.0F)) * (10000.0F / 80.0F) : fr_hlg_to_scene(signal);
    }
    for (uint32_t i = 0; !pq && i < NUM_GAINS; i++) {
        /* The middle of what shares an entry. */
        const uint32_t bits = (i + GAIN_FIRST) << GAIN_SHIFT | 1u << (GAIN_SHIFT - 1);
        float luminance;
        memcpy(&luminance, &bits, sizeof(luminance));
        light->gains[i] = powf(luminance, hlg_gamma - 1.0F) * hlg_peak_nits / 80.0F;
    }
}

fr_light *fr_light_create(const fr_light_params *params)
{
    fr_light *light = calloc(1, sizeof(*light));
    if (!light)
        return NULL;
    const float kg = 1.0F - params->kr - params->kb;
    light->params = *params;
    light->offset_y = params->full_range ? 0.0F : 16.0F * 256.0F;
    light->scale_y = params->full_range ? 1.0F / 65535.0F : 1.0F / (219.0F * 256.0F);
    light->offset_c = 32768.0F;
    light->scale_c = params->full_range ? 1.0F / 65535.0F : 1.0F / (224.0F * 256.0F);
    light->cr_to_r = 2.0F * (1.0F - params->kr);
    light->cb_to_b = 2.0F * (1.0F - params->kb);
    light->cb_to_g = -light->cb_to_b * params->kb / kg;
    light->cr_to_g = -light->cr_to_r * params->kr / kg;
    make_tables(light);
    return light;
}

void fr_light_destroy(fr_light **light)
{
    free(*light);
    *light = NULL;
}

bool fr_light_is_for(const fr_light *light, const fr_light_params *params)
{
    const fr_light_params *own = &light->params;
    return own->curve == params->curve && own->is_rgb == params->is_rgb &&
           own->full_range == params->full_range && own->kr == params->kr && own->kb == params->kb &&
           own->bt709_primaries == params->bt709_primaries;
}

/* Codes of one plane as numbers. */
static void read_plane(const uint16_t *restrict codes, float *restrict values, size_t num, float offset,
                       float scale)
{
    for (size_t i = 0; i < num; i++)
        values[i] = ((float)codes[i] - offset) * scale;
}

/* Y, Cb, Cr to R'G'B'. */
static void apply_matrix(fr_light *light, size_t num)
{
    float *restrict y_r = light->signal[0], *restrict cb_g = light->signal[1],
                    *restrict cr_b = light->signal[2];
    const float cr_to_r = light->cr_to_r, cb_to_g = light->cb_to_g, cr_to_g = light->cr_to_g;
    const float cb_to_b = light->cb_to_b;
    for (size_t i = 0; i < num; i++) {
        const float y = y_r[i], cb = cb_g[i], cr = cr_b[i];
        y_r[i] = y + cr_to_r * cr;
        cb_g[i] = y + cb_to_g * cb + cr_to_g * cr;
        cr_b[i] = y + cb_to_b * cb;
    }
}

static void read_signal(fr_light *light, const uint16_t *const planes[3], size_t from, size_t num)
{
    if (light->params.is_rgb) {
        for (size_t i = 0; i < 3; i++) /* G, B, R */
            read_plane(planes[i] + from, light->signal[(i + 1) % 3], num, light->offset_y, light->scale_y);
        return;
    }
    read_plane(planes[0] + from, light->signal[0], num, light->offset_y, light->scale_y);
    read_plane(planes[1] + from, light->signal[1], num, light->offset_c, light->scale_c);
    read_plane(planes[2] + from, light->signal[2], num, light->offset_c, light->scale_c);
    apply_matrix(light, num);
}

static void apply_curve(const float *restrict curve, const float *restrict signal, float *restrict out,
                        size_t num)
{
    int32_t index[CHUNK];
    for (size_t i = 0; i < num; i++) {
        float at = signal[i] * (float)CURVE_MAX + 0.5F;
        at = at < 0.0F ? 0.0F : at;
        at = at > (float)CURVE_TOP ? (float)CURVE_TOP : at;
        index[i] = (int32_t)at;
    }
    for (size_t i = 0; i < num; i++)
        out[i] = curve[index[i]];
}

static void apply_ootf(fr_light *light, size_t num)
{
    float *restrict r = light->light[0], *restrict g = light->light[1], *restrict b = light->light[2];
    const bool narrow = light->params.bt709_primaries;
    const float from_r = narrow ? 0.2126F : 0.2627F, from_g = narrow ? 0.7152F : 0.6780F;
    const float from_b = narrow ? 0.0722F : 0.0593F;
    for (size_t i = 0; i < num; i++) {
        const float luminance = from_r * r[i] + from_g * g[i] + from_b * b[i];
        int32_t bits;
        memcpy(&bits, &luminance, sizeof(bits));
        const int32_t index = (bits >> GAIN_SHIFT) - GAIN_FIRST;
        const float gain = index < 0 ? 0.0F : light->gains[index < NUM_GAINS ? index : NUM_GAINS - 1];
        r[i] *= gain;
        g[i] *= gain;
        b[i] *= gain;
    }
}

static void pack(fr_light *light, uint16_t *halves, size_t num)
{
    const float *restrict r = light->light[0], *restrict g = light->light[1], *restrict b = light->light[2];
    float *restrict out = light->out;
    const bool keep = light->params.bt709_primaries;
    for (size_t i = 0; i < num; i++) {
        const fr_rgb wide = {r[i], g[i], b[i]};
        const fr_rgb colour = keep ? wide : fr_bt709_from_bt2020(wide);
        out[4 * i] = colour.r;
        out[4 * i + 1] = colour.g;
        out[4 * i + 2] = colour.b;
        out[4 * i + 3] = 1.0F;
    }
    fr_halves_from_floats(halves, out, num * 4);
}

void fr_light_row(fr_light *light, const uint16_t *const planes[3], uint16_t *halves, size_t width)
{
    for (size_t x = 0; x < width; x += CHUNK) {
        const size_t num = width - x < CHUNK ? width - x : CHUNK;
        read_signal(light, planes, x, num);
        for (size_t i = 0; i < 3; i++)
            apply_curve(light->curve, light->signal[i], light->light[i], num);
        if (light->params.curve == FR_LIGHT_HLG)
            apply_ootf(light, num);
        pack(light, halves + 4 * x, num);
    }
}
