/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <math.h>
#include <stdlib.h>

enum {
    HORIZON_SHADE = 1100, /* shade of the sky where it meets the water; glow and sun lie above */
    NUM_SHADES = 2048,
    GLOW_SHADES = 640,
};

static const fr_tint_stop sky_stops[] = {
    {0.00F, {0.03F, 0.04F, 0.13F}}, {0.18F, {0.13F, 0.09F, 0.33F}}, {0.32F, {0.44F, 0.17F, 0.46F}},
    {0.44F, {0.85F, 0.36F, 0.40F}}, {0.54F, {0.99F, 0.62F, 0.38F}}, {0.66F, {1.00F, 0.82F, 0.55F}},
    {0.80F, {1.20F, 1.05F, 0.80F}}, {1.00F, {2.00F, 1.93F, 1.70F}},
};

static const fr_tint_stop water_stops[] = {
    {0.00F, {0.02F, 0.03F, 0.08F}}, {0.18F, {0.06F, 0.06F, 0.18F}}, {0.32F, {0.21F, 0.10F, 0.26F}},
    {0.44F, {0.42F, 0.19F, 0.26F}}, {0.54F, {0.58F, 0.34F, 0.25F}}, {0.66F, {0.80F, 0.58F, 0.40F}},
    {1.00F, {1.30F, 1.20F, 0.95F}},
};

uint64_t fr_ink_linear(const fr_ink *ink, fr_rgb relative)
{
    return fr_pixel_pack(ink->format,
                         (fr_rgb){relative.r * ink->white, relative.g * ink->white, relative.b * ink->white});
}

uint64_t fr_ink_tint(const fr_ink *ink, fr_tint tint)
{
    return fr_ink_linear(
        ink, (fr_rgb){fr_srgb_to_linear(tint.r), fr_srgb_to_linear(tint.g), fr_srgb_to_linear(tint.b)});
}

void fr_ink_gradient(const fr_ink *ink, const fr_tint_stop *stops, size_t num_stops, uint64_t *pixels,
                     size_t num)
{
    size_t stop = 1;
    for (size_t i = 0; i < num; i++) {
        const float at = num > 1 ? (float)i / (float)(num - 1) : 0.0F;
        while (stop + 1 < num_stops && at > stops[stop].at)
            stop++;
        const fr_tint_stop *a = &stops[stop - 1], *b = &stops[stop];
        const float share = (at - a->at) / (b->at - a->at);
        pixels[i] = fr_ink_tint(ink, (fr_tint){a->tint.r + (b->tint.r - a->tint.r) * share,
                                               a->tint.g + (b->tint.g - a->tint.g) * share,
                                               a->tint.b + (b->tint.b - a->tint.b) * share});
    }
}

static uint32_t part(uint32_t whole, uint32_t thousandths)
{
    return (uint32_t)((uint64_t)whole * thousandths / 1000);
}

fr_stage fr_stage_for(uint32_t width, uint32_t height, uint32_t stamps_right)
{
    fr_stage stage = {0};
    stage.left = stamps_right + part(width, 10);
    if (stage.left > part(width, 360))
        stage.left = part(width, 360);
    stage.lane = (fr_rect){stage.left, part(height, 660), width - stage.left, part(height, 28) + 1};
    stage.sky = (fr_rect){stage.left, part(height, 70), width - stage.left, part(height, 560)};
    return stage;
}

/* Everything about the sky that does not change from row to row, and room for one row. */
typedef struct sky {
    uint32_t width, horizon;
    float sun_x, sun_y, glow_radius, sun_radius;
    int32_t *waves;               /* per column */
    uint32_t *hills;              /* top of the hills, per column */
    int32_t *shades;              /* of the row that is drawn */
    int32_t *mirrored;            /* of a row of the water, moved by its ripple */
    uint64_t sky[NUM_SHADES + 1]; /* the last is the hills' */
    uint64_t water[NUM_SHADES];
} sky;

static float square(float value)
{
    return value * value;
}

/* Light around the sun, and the sun, added to the shades of a row. */
static void add_sun(const sky *s, uint32_t y)
{
    const float dy2 = square((float)y - s->sun_y), reach2 = square(s->glow_radius) - dy2;
    if (reach2 <= 0.0F)
        return;
    const float reach = sqrtf(reach2), from = s->sun_x - reach, to = s->sun_x + reach;
    const uint32_t first = from < 0.0F ? 0 : (uint32_t)from;
    const uint32_t end = to + 1.0F > (float)s->width ? s->width : (uint32_t)(to + 1.0F);
    const float scale = 1.0F / square(s->glow_radius), disc2 = square(s->sun_radius);
    for (uint32_t x = first; x < end; x++) {
        const float distance2 = square((float)(int32_t)x - s->sun_x) + dy2;
        const float inside = 1.0F - distance2 * scale, near = inside > 0.0F ? inside : 0.0F;
        s->shades[x] += (int32_t)((float)GLOW_SHADES * near * near * near);
        s->shades[x] += distance2 < disc2 ? NUM_SHADES : 0;
    }
}

static void shade_row(const sky *s, uint32_t y)
{
    const int32_t base = (int32_t)((uint64_t)y * HORIZON_SHADE / s->horizon);
    for (uint32_t x = 0; x < s->width; x++) {
        /* Neighbours of one shade in a fixed weave: bands of eight bits dissolve. */
        const uint32_t weave = ((x ^ y) & 1u) * 4u + (y & 1u) * 2u;
        s->shades[x] = base + s->waves[x] + (int32_t)weave;
    }
    add_sun(s, y);
    for (uint32_t x = 0; x < s->width; x++) {
        const int32_t shade = s->shades[x] < 0 ? 0 : s->shades[x];
        s->shades[x] = shade < NUM_SHADES ? shade : NUM_SHADES - 1;
    }
}

static void draw_sky_row(const sky *s, const fr_canvas *canvas, uint32_t y)
{
    shade_row(s, y);
    for (uint32_t x = 0; x < s->width; x++)
        s->shades[x] = y >= s->hills[x] ? NUM_SHADES : s->shades[x];
    fr_canvas_set_row(canvas, y, s->sky, s->shades);
}

static void draw_water_row(const sky *s, const fr_canvas *canvas, uint32_t y)
{
    const uint32_t depth = y - s->horizon;
    shade_row(s, depth * 5 / 3 < s->horizon ? s->horizon - 1 - depth * 5 / 3 : 0);
    /* Ripples grow towards the viewer. */
    const float swell = (float)depth / 9.0F + 2.0F;
    const int32_t shift = (int32_t)(swell * sinf(sqrtf((float)depth) * 4.3F)), last = (int32_t)s->width - 1;
    for (int32_t x = 0; x <= last; x++) {
        const int32_t from = x + shift < 0 ? 0 : x + shift;
        s->mirrored[x] = s->shades[from < last ? from : last];
    }
    fr_canvas_set_row(canvas, y, s->water, s->mirrored);
}

static void shape_sky(sky *s)
{
    for (uint32_t x = 0; x < s->width; x++) {
        const float at = (float)x / (float)s->width;
        s->waves[x] = (int32_t)(28.0F * sinf(at * 7.0F) + 16.0F * sinf(at * 17.0F + 1.0F));
        const float ridge =
            0.045F + 0.025F * sinf(at * 9.0F + 0.6F) + 0.012F * sinf(at * 31.0F) + 0.006F * sinf(at * 67.0F);
        s->hills[x] = s->horizon - (uint32_t)((float)s->horizon * fmaxf(ridge, 0.004F));
    }
}

static bool draw_sky(const fr_canvas *canvas, const fr_ink *ink)
{
    sky *s = calloc(1, sizeof(*s));
    if (!s)
        return false;
    const size_t width = canvas->width;
    s->width = canvas->width;
    s->horizon = part(canvas->height, 620) + 1;
    s->sun_x = (float)part(canvas->width, 640);
    s->sun_y = (float)part(canvas->height, 455);
    s->glow_radius = (float)canvas->height * 0.55F + 1.0F;
    s->sun_radius = (float)canvas->height * 0.075F;
    s->waves = malloc(sizeof(*s->waves) * width);
    s->hills = malloc(sizeof(*s->hills) * width);
    s->shades = malloc(sizeof(*s->shades) * width);
    s->mirrored = malloc(sizeof(*s->mirrored) * width);
    const bool done = s->waves && s->hills && s->shades && s->mirrored;
    if (done) {
        shape_sky(s);
        fr_ink_gradient(ink, sky_stops, sizeof(sky_stops) / sizeof(sky_stops[0]), s->sky, NUM_SHADES);
        fr_ink_gradient(ink, water_stops, sizeof(water_stops) / sizeof(water_stops[0]), s->water, NUM_SHADES);
        s->sky[NUM_SHADES] = fr_ink_tint(ink, (fr_tint){0.10F, 0.06F, 0.14F});
        for (uint32_t y = 0; y < canvas->height; y++)
            y < s->horizon ? draw_sky_row(s, canvas, y) : draw_water_row(s, canvas, y);
    }
    free(s->mirrored);
    free(s->shades);
    free(s->hills);
    free(s->waves);
    free(s);
    return done;
}

/* Equal cells side by side in `row`. */
static fr_rect cell_of(fr_rect row, uint32_t index, uint32_t num)
{
    const uint32_t from = row.width * index / num, to = row.width * (index + 1) / num;
    return (fr_rect){row.x + from, row.y, to - from, row.height};
}

static void draw_bars(const fr_canvas *canvas, const fr_ink *ink, fr_rect row)
{
    static const fr_tint bars[] = {{1, 1, 1}, {1, 1, 0}, {0, 1, 1}, {0, 1, 0},
                                   {1, 0, 1}, {1, 0, 0}, {0, 0, 1}, {0, 0, 0}};
    const uint32_t num = sizeof(bars) / sizeof(bars[0]);
    for (uint32_t i = 0; i < num; i++)
        fr_canvas_fill(canvas, cell_of(row, i, num), fr_ink_tint(ink, bars[i]));
}

static void draw_ramp(const fr_canvas *canvas, const fr_ink *ink, fr_rect row)
{
    for (uint32_t x = 0; x < row.width; x++) {
        const float grey = row.width > 1 ? (float)x / (float)(row.width - 1) : 0.0F;
        fr_canvas_fill(canvas, (fr_rect){row.x + x, row.y, 1, row.height},
                       fr_ink_tint(ink, (fr_tint){grey, grey, grey}));
    }
}

/* Patches of known light; an SDR picture clips what is above its white. */
static void draw_highlights(const fr_canvas *canvas, const fr_ink *ink, fr_rect row, uint32_t text_scale)
{
    static const struct {
        uint32_t nits;
        const char *label;
    } patches[] = {{10, "10"},   {100, "100"},   {203, "203"},   {400, "400"},
                   {700, "700"}, {1000, "1000"}, {4000, "4000"}, {10000, "10000"}};
    const uint32_t num = sizeof(patches) / sizeof(patches[0]);
    const uint64_t label = fr_ink_tint(ink, (fr_tint){0.75F, 0.75F, 0.78F});
    for (uint32_t i = 0; i < num; i++) {
        const float light = (float)patches[i].nits / 203.0F;
        fr_rect cell = cell_of(row, i, num);
        /* Above 1000 cd/m2 only a quarter of the area: no display sustains more. */
        fr_rect patch = {cell.x + cell.width / 8, cell.y, cell.width * 3 / 4, cell.height};
        if (patches[i].nits > 1000)
            patch =
                (fr_rect){cell.x + cell.width / 4, cell.y + cell.height / 4, cell.width / 2, cell.height / 2};
        fr_canvas_fill(canvas, patch, fr_ink_linear(ink, (fr_rgb){light, light, light}));
        fr_canvas_text(canvas, cell.x + cell.width / 8, row.y + row.height + text_scale * 2, text_scale,
                       patches[i].label, label);
    }
}

/* Pure colours of BT.2020 beside the same of BT.709: in scRGB the former need negative values. */
static void draw_wide_gamut(const fr_canvas *canvas, const fr_ink *ink, fr_rect row)
{
    static const fr_rgb pure[] = {{1, 0, 0}, {1, 1, 0}, {0, 1, 0}, {0, 1, 1}, {0, 0, 1}, {1, 0, 1}};
    const uint32_t num = sizeof(pure) / sizeof(pure[0]);
    for (uint32_t i = 0; i < num; i++) {
        fr_rect cell = cell_of(row, i, num);
        fr_canvas_fill(canvas, cell, fr_ink_linear(ink, fr_bt709_from_bt2020(pure[i])));
        const fr_rect core = {cell.x + cell.width / 3, cell.y + cell.height / 3, cell.width / 3,
                              cell.height / 3};
        fr_canvas_fill(canvas, core, fr_ink_linear(ink, pure[i]));
    }
}

bool fr_scene_draw(const fr_canvas *canvas, const fr_ink *ink, const fr_stage *stage)
{
    if (!draw_sky(canvas, ink))
        return false;
    const uint32_t height = canvas->height, margin = part(canvas->width, 20);
    const uint32_t x = stage->left + margin, width = canvas->width - stage->left - 2 * margin;
    const uint32_t text_scale = canvas->width / 900 + 1;
    fr_canvas_fill(canvas, stage->lane, fr_ink_tint(ink, (fr_tint){0.05F, 0.05F, 0.09F}));
    fr_canvas_fill(canvas, (fr_rect){x - margin / 2, part(height, 715), width + margin, part(height, 265)},
                   fr_ink_tint(ink, (fr_tint){0.07F, 0.07F, 0.10F}));
    draw_bars(canvas, ink, (fr_rect){x, part(height, 730), width, part(height, 70)});
    draw_ramp(canvas, ink, (fr_rect){x, part(height, 805), width, part(height, 30)});
    draw_highlights(canvas, ink, (fr_rect){x, part(height, 845), width, part(height, 40)}, text_scale);
    draw_wide_gamut(canvas, ink, (fr_rect){x, part(height, 925), width, part(height, 45)});
    return true;
}
