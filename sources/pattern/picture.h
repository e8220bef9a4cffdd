/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_PICTURE_H
#define FRAMERING_SOURCES_PATTERN_PICTURE_H

/*
 * The pattern: a scene that stands still, and what moves over it: a ball, a bar, the frame's number and its
 * stamps. A slot still holds the frame that was drawn into it before, so only what moved since then is drawn
 * anew.
 */

#include "common/stamp.h"

#include <framering/source.h>

typedef struct fr_picture fr_picture;

/* For one ring. NULL: out of memory. */
fr_picture *fr_picture_create(uint32_t width, uint32_t height, fr_format format,
                              fr_colour_state colour_state);
void fr_picture_destroy(fr_picture **picture);

/* True when the picture was made for such a ring. */
bool fr_picture_fits(const fr_picture *picture, uint32_t width, uint32_t height, fr_format format,
                     fr_colour_state colour_state);

typedef enum fr_picture_part {
    FR_PICTURE_WHOLE,
    FR_PICTURE_UPPER, /* all but the lower stamps, as a source leaves it that dies while it draws */
    FR_PICTURE_LOWER  /* the rest */
} fr_picture_part;

/* Draws the frame that is to be seen `time_ns` after the start. */
void fr_picture_draw(fr_picture *picture, const fr_slot *slot, const fr_stamp *stamp, uint64_t time_ns,
                     fr_picture_part which);

#endif
