/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "common/program.h"
#include "scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SLOTS = 16, /* more than a ring has */
    BALL_SHADES = 512,
    MOVING_PARTS = 2,
};

/* A slot that was drawn into before. */
typedef struct known_slot {
    const void *pixels;
    fr_rect moved[MOVING_PARTS]; /* where it does not show the scene */
} known_slot;

struct fr_picture {
    fr_colour_state colour_state;
    fr_ink ink;
    fr_canvas scene;
    fr_stage stage;
    fr_stamp_layout stamps;
    bool has_stamps;
    uint64_t black, white, bar, caption_back;
    uint32_t ball_size;
    uint64_t *ball;        /* ball_size squared */
    uint8_t *ball_weights; /* 255 where it hides the scene */
    uint32_t generation;
    known_slot slots[MAX_SLOTS];
    uint32_t num_slots;
};

static float weight_of(float distance)
{
    return fminf(fmaxf(distance + 0.5F, 0.0F), 1.0F);
}

static bool make_ball(fr_picture *picture)
{
    static const fr_tint_stop stops[] = {
        {0.00F, {0.05F, 0.02F, 0.10F}}, {0.30F, {0.10F, 0.22F, 0.52F}}, {0.62F, {0.12F, 0.62F, 0.86F}},
        {0.85F, {0.62F, 0.95F, 1.00F}}, {1.00F, {1.75F, 1.80F, 1.85F}},
    };
    const uint32_t size = picture->scene.height / 7 + 3;
    const float radius = (float)size / 2.0F - 1.0F;
    uint64_t shades[BALL_SHADES];
    fr_ink_gradient(&picture->ink, stops, sizeof(stops) / sizeof(stops[0]), shades, BALL_SHADES);
    picture->ball_size = size;
    picture->ball = calloc((size_t)size * size, sizeof(*picture->ball));
    picture->ball_weights = calloc((size_t)size * size, 1);
    if (!picture->ball || !picture->ball_weights)
        return false;
    for (uint32_t i = 0; i < size * size; i++) {
        const float x = ((float)(i % size) + 0.5F - (float)size / 2.0F) / radius;
        const float y = ((float)(i / size) + 0.5F - (float)size / 2.0F) / radius;
        const float flat = x * x + y * y;
        const float z = sqrtf(fmaxf(1.0F - flat, 0.0F));
        /* Light from the upper left, in front. */
        const float lit = fmaxf(-0.45F * x - 0.6F * y + 0.66F * z, 0.0F);
        const float shade = 0.08F + 0.72F * lit + 0.2F * powf(lit, 40.0F);
        picture->ball[i] = shades[(uint32_t)(fminf(shade, 1.0F) * (BALL_SHADES - 1))];
        picture->ball_weights[i] = (uint8_t)(weight_of((1.0F - sqrtf(flat)) * radius) * 255.0F);
    }
    return true;
}

static void write_title(fr_picture *picture)
{
    static const char *const names[] = {"", "SDR", "SDR WIDE", "HDR"};
    const fr_canvas *scene = &picture->scene;
    char title[64];
    snprintf(title, sizeof(title), "%uX%u %s %s", scene->width, scene->height, names[picture->colour_state],
             scene->format == FR_FORMAT_RGBA16F   ? "FP16"
             : scene->format == FR_FORMAT_RGB10A2 ? "PQ 10 BIT"
             : scene->format == FR_FORMAT_RGBA8   ? "RGBA"
                                                  : "BGRA");
    const uint32_t scale = scene->width / 800 + 1;
    fr_canvas_text(scene, picture->stage.left + 2 * scale, 3 * scale, scale, title, picture->white);
}

fr_picture *fr_picture_create(uint32_t width, uint32_t height, fr_format format, fr_colour_state colour_state)
{
    fr_picture *picture = calloc(1, sizeof(*picture));
    if (!picture)
        return NULL;
    const size_t pitch = (size_t)width * fr_format_pixel_bytes(format);
    picture->colour_state = colour_state;
    picture->ink = (fr_ink){format, colour_state == FR_COLOUR_STATE_HDR ? 203.0F / 80.0F : 1.0F};
    picture->scene = fr_canvas_on(malloc(pitch * height), pitch, width, height, format);
    picture->has_stamps = fr_stamp_layout_init(&picture->stamps, width, height);
    picture->stage =
        fr_stage_for(width, height, picture->stamps.plates[0].x + picture->stamps.plates[0].width);
    picture->black = fr_ink_tint(&picture->ink, (fr_tint){0, 0, 0});
    picture->white = fr_ink_tint(&picture->ink, (fr_tint){1, 1, 1});
    picture->bar = fr_ink_tint(&picture->ink, (fr_tint){1.0F, 0.83F, 0.25F});
    picture->caption_back = fr_ink_tint(&picture->ink, (fr_tint){0.03F, 0.04F, 0.13F});
    if (!picture->scene.pixels || !fr_scene_draw(&picture->scene, &picture->ink, &picture->stage) ||
        !make_ball(picture))
        fr_picture_destroy(&picture);
    else
        write_title(picture);
    return picture;
}

void fr_picture_destroy(fr_picture **picture)
{
    if (!*picture)
        return;
    free((*picture)->scene.pixels);
    free((*picture)->ball);
    free((*picture)->ball_weights);
    free(*picture);
    *picture = NULL;
}

bool fr_picture_fits(const fr_picture *picture, uint32_t width, uint32_t height, fr_format format,
                     fr_colour_state colour_state)
{
    return picture->scene.width == width && picture->scene.height == height &&
           picture->scene.format == format && picture->colour_state == colour_state;
}

/* Brings the slot back to the scene; what the slot holds is only known if it was drawn here. */
static known_slot *restore_scene(fr_picture *picture, const fr_slot *slot, const fr_canvas *canvas)
{
    if (picture->generation != slot->generation) {
        picture->generation = slot->generation;
        picture->num_slots = 0;
    }
    for (uint32_t i = 0; i < picture->num_slots; i++) {
        known_slot *known = &picture->slots[i];
        if (known->pixels != slot->pixels)
            continue;
        for (uint32_t part = 0; part < MOVING_PARTS; part++)
            fr_canvas_restore(canvas, &picture->scene, known->moved[part]);
        return known;
    }
    if (picture->num_slots == MAX_SLOTS)
        picture->num_slots = 0;
    fr_canvas_restore(canvas, &picture->scene, (fr_rect){0, 0, canvas->width, canvas->height});
    known_slot *known = &picture->slots[picture->num_slots++];
    *known = (known_slot){.pixels = slot->pixels};
    return known;
}

/* Runs from 0 to 1 and back once in each period. */
static float swing(uint64_t time_ns, uint64_t period_ns)
{
    const float phase = (float)(time_ns % period_ns) / (float)period_ns;
    return phase < 0.5F ? 2.0F * phase : 2.0F - 2.0F * phase;
}

static fr_rect draw_bar(const fr_picture *picture, const fr_canvas *canvas, uint64_t time_ns)
{
    const fr_rect lane = picture->stage.lane;
    const uint64_t period_ns = 4 * FR_NS_PER_S;
    const uint32_t at = (uint32_t)(lane.width * (time_ns % period_ns) / period_ns);
    const fr_rect rect = {lane.x + at, lane.y, canvas->width / 48 + 1, lane.height};
    fr_canvas_fill(canvas, rect, picture->bar);
    return rect;
}

static fr_rect draw_ball(const fr_picture *picture, const fr_canvas *canvas, uint64_t time_ns)
{
    const uint32_t size = picture->ball_size;
    const fr_rect sky = picture->stage.sky;
    if (sky.width < size || sky.height < size)
        return (fr_rect){0};
    const float fall = (float)(time_ns % (1400 * FR_NS_PER_MS)) / (float)(1400 * FR_NS_PER_MS);
    const float height = 4.0F * fall * (1.0F - fall);
    const fr_rect rect = {
        sky.x + (uint32_t)((float)(sky.width - size) * swing(time_ns, 7 * FR_NS_PER_S)),
        sky.y + (uint32_t)((float)(sky.height - size) * (1.0F - height)),
        size,
        size,
    };
    for (uint32_t y = 0; y < size; y++) {
        for (uint32_t x = 0; x < size; x++) {
            const uint32_t i = y * size + x, weight = picture->ball_weights[i];
            uint64_t pixel = picture->ball[i];
            if (!weight)
                continue;
            if (weight < 255)
                pixel = fr_pixel_mix(canvas->format, fr_canvas_get(canvas, rect.x + x, rect.y + y), pixel,
                                     weight);
            fr_canvas_set(canvas, rect.x + x, rect.y + y, pixel);
        }
    }
    return rect;
}

static void draw_caption(const fr_picture *picture, const fr_canvas *canvas, const fr_stamp *stamp,
                         uint64_t time_ns)
{
    char text[64];
    snprintf(text, sizeof(text), "GEN %-3u #%-6u %4u.%02uS", stamp->generation, stamp->sequence,
             (unsigned)(time_ns / FR_NS_PER_S), (unsigned)(time_ns / (10 * FR_NS_PER_MS) % 100));
    const uint32_t scale = canvas->width / 800 + 1, x = picture->stage.left, y = 12 * scale;
    fr_canvas_fill(canvas, (fr_rect){x, y, fr_canvas_text_width(text, scale) + 3 * scale, 9 * scale},
                   picture->caption_back);
    fr_canvas_text(canvas, x + 2 * scale, y + scale, scale, text, picture->white);
}

void fr_picture_draw(fr_picture *picture, const fr_slot *slot, const fr_stamp *stamp, uint64_t time_ns,
                     fr_picture_part which)
{
    const fr_canvas canvas =
        fr_canvas_on(slot->pixels, slot->pitch_bytes, slot->width, slot->height, slot->format);
    const uint32_t upper = picture->stamps.num_copies / 2;
    if (which != FR_PICTURE_LOWER) {
        known_slot *known = restore_scene(picture, slot, &canvas);
        known->moved[0] = draw_bar(picture, &canvas, time_ns);
        known->moved[1] = draw_ball(picture, &canvas, time_ns);
        draw_caption(picture, &canvas, stamp, time_ns);
    }
    if (!picture->has_stamps)
        return;
    if (which != FR_PICTURE_LOWER)
        fr_stamp_draw(&picture->stamps, &canvas, stamp, 0, upper, picture->black, picture->white);
    if (which != FR_PICTURE_UPPER)
        fr_stamp_draw(&picture->stamps, &canvas, stamp, upper, FR_STAMP_MAX_COPIES, picture->black,
                      picture->white);
}
