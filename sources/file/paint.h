/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FILE_PAINT_H
#define FRAMERING_SOURCES_FILE_PAINT_H

/* Decoded pictures into slots: SDR as BGRA8, HDR10 and HLG as RGBA16F. */

#include "light.h"

#include <framering/source.h>

#include <libavutil/frame.h>

struct SwsContext;

typedef struct fr_paint {
    struct SwsContext *scaler;
    uint32_t key[10]; /* what the scaler was made for */
    fr_light *light;
    AVFrame *wide; /* HDR: the picture at the slot's size with 16 bits and full chroma */
} fr_paint;

/* HDR for PQ and HLG. */
fr_colour_state fr_paint_colour_state(const AVFrame *frame);

/* Static metadata that comes with the picture. False: none. */
bool fr_paint_hdr_metadata(const AVFrame *frame, fr_hdr_metadata *out);

/* Draws the picture, scaled to the slot. FR_ERR_UNSUPPORTED: FFmpeg cannot convert it; FR_ERR_NO_MEMORY. */
fr_status fr_paint_draw(fr_paint *paint, const AVFrame *frame, const fr_slot *slot);

/* All zero: nothing to finish. */
void fr_paint_finish(fr_paint *paint);

#endif
