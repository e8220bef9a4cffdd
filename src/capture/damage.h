/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_DAMAGE_H
#define FR_CAPTURE_DAMAGE_H

/*
 * What a surface of the out ring lacks of the newest frame. Frames that were taken are numbered from 1; each
 * surface notes the number of the one that it holds (0: nothing that can be built on), and the changes from
 * one to the next are kept for the newest few.
 */

#include "common/parts.h"

enum { FR_DAMAGE_FRAMES = 16 };

/* All zero: nothing was taken. */
struct fr_damage {
    uint64_t newest;                          /* number of the newest frame that was taken; 0: none */
    uint64_t since;                           /* a surface that holds an older one lacks everything */
    struct fr_parts change[FR_DAMAGE_FRAMES]; /* of frame n against n - 1, at n % FR_DAMAGE_FRAMES */
};

/* What surfaces hold says nothing of the frames to come. */
void fr_damage_forget(struct fr_damage *damage);

/* Numbers the next frame. `change`: all that differs from the one before, in the picture; NULL: not known. */
void fr_damage_add(struct fr_damage *damage, const struct fr_parts *change);

/* The parts of a picture of that size that the newest frame differs in from frame `held`. False: all of it.
 */
bool fr_damage_parts(const struct fr_damage *damage, uint64_t held, uint32_t width, uint32_t height,
                     struct fr_parts *out);

#endif
