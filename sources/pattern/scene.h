/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_SCENE_H
#define FRAMERING_SOURCES_PATTERN_SCENE_H

/*
 * The part of the pattern that stands still: a sunset over water, and a panel of patches to judge colour by.
 * Everything comes from tables of ready pixels, since a new ring has to be filled within a few frames.
 */

#include "common/canvas.h"
#include "common/colour.h"

/* A colour of the sRGB curve, where 1 is SDR white; the curve goes on beyond it: 2 is about 1000 cd/m2. */
typedef struct fr_tint {
    float r, g, b;
} fr_tint;

typedef struct fr_tint_stop {
    float at; /* 0..1 */
    fr_tint tint;
} fr_tint_stop;

/* What light SDR white is, in scRGB: 203 cd/m2 on an HDR display (BT.2408), else 1.0. */
typedef struct fr_ink {
    fr_format format;
    float white;
} fr_ink;

/* A pixel of linear light, where 1 is SDR white. */
uint64_t fr_ink_linear(const fr_ink *ink, fr_rgb relative);
uint64_t fr_ink_tint(const fr_ink *ink, fr_tint tint);

/* Fills `num` pixels that run through the stops, which start at 0 and end at 1. */
void fr_ink_gradient(const fr_ink *ink, const fr_tint_stop *stops, size_t num_stops, uint64_t *pixels,
                     size_t num);

/* Where the moving parts have their place. */
typedef struct fr_stage {
    uint32_t left; /* what is right of it is free of stamps where the picture is wide enough */
    fr_rect lane;  /* of the bar */
    fr_rect sky;   /* of the ball */
} fr_stage;

fr_stage fr_stage_for(uint32_t width, uint32_t height, uint32_t stamps_right);

/* Draws it all. False: out of memory. */
bool fr_scene_draw(const fr_canvas *canvas, const fr_ink *ink, const fr_stage *stage);

#endif
