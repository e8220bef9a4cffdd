/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_SCENE_H
#define FRAMERING_SOURCES_DESKTOP_SCENE_H

/*
 * The picture that is published: a texture of our own with the last picture of the desktop, turned as it is
 * seen, and the pointer in it.
 *
 * The pointer is drawn by the processor. What lies below it is read back from the GPU, drawn over, and
 * brought there again: a few thousand pixels, but a wait for the GPU in each frame that shows the pointer. A
 * turned display takes that way with all that changed.
 */

#include "com.h"
#include "common/rect.h"
#include "pointer.h"
#include "turn.h"

/* All zero: none. */
typedef struct fr_desktop_scene {
    ID3D11Device *device;         /* borrowed */
    ID3D11DeviceContext *context; /* borrowed */
    uint32_t width, height;       /* as it is seen */
    fr_format format;
    fr_turn turn;
    ID3D11Texture2D *picture; /* NULL: no picture yet */
    ID3D11Texture2D *below;   /* what the pointer hides, as large as `patch` */
    ID3D11Texture2D *patch;   /* the same, readable */
    uint32_t patch_width, patch_height;
    fr_rect drawn;         /* where the pointer is; width 0: nowhere */
    ID3D11Texture2D *wire; /* readable, not turned; turned displays only */
    uint8_t *turned;       /* the rows of what changed */
    size_t turned_bytes;
} fr_desktop_scene;

/* Keeps what fits and drops the rest. Device and context are borrowed until fr_desktop_scene_finish. */
void fr_desktop_scene_shape(fr_desktop_scene *scene, ID3D11Device *device, ID3D11DeviceContext *context,
                            uint32_t width, uint32_t height, fr_format format, fr_turn turn);
void fr_desktop_scene_finish(fr_desktop_scene *scene);

/* Takes a picture over, in which `damage` is not as in the one before. Without the pointer afterwards. A
 * failure is Direct3D's, or E_OUTOFMEMORY. */
HRESULT fr_desktop_scene_take(fr_desktop_scene *scene, ID3D11Texture2D *from, const fr_rects *damage);

/* Draws the pointer where it is now, and nowhere else. `white` as in fr_pointer_draw. */
HRESULT fr_desktop_scene_draw(fr_desktop_scene *scene, const fr_pointer *pointer, float white);

#endif
