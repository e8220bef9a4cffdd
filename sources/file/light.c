/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "light.h"

#include "common/colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUM_CODES = 65536,
    CHUNK = 256, /* pixels done at a time */
    /* The system gain Y^0.2 by the upper bits of a float: exponents 2^-24 to 1, 11 bits of the mantissa. */
    GAIN_SHIFT = 12,
    GAIN_FIRST = (127 - 24) << (23 - GAIN_SHIFT),
    NUM_GAINS = 25 << (23 - GAIN_SHIFT),
};

static const float hlg_peak_nits = 1000.0F;
static const float hlg_gamma = 1.2F;

struct fr_light {
    fr_light_params params;
    float offset_y, scale_y, offset_c, scale_c; /* codes to 0..1 and -0.5..0.5 */
    float cr_to_r, cb_to_g, cr_to_g, cb_to_b;
    float curve[NUM_CODES]; /* PQ: scRGB; HLG: scene light */
    float gains[NUM_GAINS]; /* HLG: Y^0.2 as scRGB */
    float r[CHUNK], g[CHUNK], b[CHUNK];
    float out[CHUNK * 4];
};

static void make_tables(fr_light *light)
{
    const bool pq = light->params.curve == FR_LIGHT_PQ;
    for (uint32_t i = 0; i < NUM_CODES; i++) {
        const float signal = (float)i / (float)(NUM_CODES - 1);
        light->curve[i] = pq ? fr_pq_to_linear(signal) * (10000.0F / 80.0F) : fr_hlg_to_scene(signal);
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
    return own->curve == params->curve && own->is_rgb == params->is_rgb && own->full_range == params->full_range &&
           own->kr == params->kr && own->kb == params->kb && own->bt709_primaries == params->bt709_primaries;
}

static inline float curve_at(const fr_light *light, float signal)
{
    const float clamped = signal < 0.0F ? 0.0F : signal > 1.0F ? 1.0F : signal;
    return light->curve[(uint32_t)(clamped * (float)(NUM_CODES - 1) + 0.5F)];
}

/* Codes to R'G'B' to light with the primaries of the file; PQ: scRGB units, HLG: of the scene. */
static void decode(fr_light *light, const uint16_t *const planes[3], size_t from, size_t num)
{
    const uint16_t *first = planes[0] + from, *second = planes[1] + from, *third = planes[2] + from;
    const float scale = light->scale_y, offset = light->offset_y;
    if (light->params.is_rgb) {
        for (size_t i = 0; i < num; i++) {
            light->g[i] = curve_at(light, ((float)first[i] - offset) * scale);
            light->b[i] = curve_at(light, ((float)second[i] - offset) * scale);
            light->r[i] = curve_at(light, ((float)third[i] - offset) * scale);
        }
        return;
    }
    for (size_t i = 0; i < num; i++) {
        const float y = ((float)first[i] - offset) * scale;
        const float cb = ((float)second[i] - light->offset_c) * light->scale_c;
        const float cr = ((float)third[i] - light->offset_c) * light->scale_c;
        light->r[i] = curve_at(light, y + light->cr_to_r * cr);
        light->g[i] = curve_at(light, y + light->cb_to_g * cb + light->cr_to_g * cr);
        light->b[i] = curve_at(light, y + light->cb_to_b * cb);
    }
}

static void apply_ootf(fr_light *light, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        const float luminance = light->params.bt709_primaries
                                    ? 0.2126F * light->r[i] + 0.7152F * light->g[i] + 0.0722F * light->b[i]
                                    : 0.2627F * light->r[i] + 0.6780F * light->g[i] + 0.0593F * light->b[i];
        uint32_t bits;
        memcpy(&bits, &luminance, sizeof(bits));
        const uint32_t index = bits >> GAIN_SHIFT;
        const float gain = index < GAIN_FIRST               ? 0.0F
                           : index >= GAIN_FIRST + NUM_GAINS ? light->gains[NUM_GAINS - 1]
                                                             : light->gains[index - GAIN_FIRST];
        light->r[i] *= gain;
        light->g[i] *= gain;
        light->b[i] *= gain;
    }
}

static void pack(fr_light *light, uint16_t *halves, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        fr_rgb colour = {light->r[i], light->g[i], light->b[i]};
        if (!light->params.bt709_primaries)
            colour = fr_bt709_from_bt2020(colour);
        light->out[4 * i] = colour.r;
        light->out[4 * i + 1] = colour.g;
        light->out[4 * i + 2] = colour.b;
        light->out[4 * i + 3] = 1.0F;
    }
    fr_halves_from_floats(halves, light->out, num * 4);
}

void fr_light_row(fr_light *light, const uint16_t *const planes[3], uint16_t *halves, size_t width)
{
    for (size_t x = 0; x < width; x += CHUNK) {
        const size_t num = width - x < CHUNK ? width - x : CHUNK;
        decode(light, planes, x, num);
        if (light->params.curve == FR_LIGHT_HLG)
            apply_ootf(light, num);
        pack(light, halves + 4 * x, num);
    }
}
