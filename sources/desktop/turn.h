/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_TURN_H
#define FRAMERING_SOURCES_DESKTOP_TURN_H

/* A turned display: Windows hands its picture out as it goes over the wire, not as it is seen. */

#include "common/canvas.h"

/* Clockwise, from the picture on the wire to the one that is seen. */
typedef enum fr_turn { FR_TURN_0 = 0, FR_TURN_90 = 1, FR_TURN_180 = 2, FR_TURN_270 = 3 } fr_turn;

/* The turn back. */
fr_turn fr_turn_back(fr_turn turn);

/* Where a rectangle comes to lie, in a turned picture of `width` by `height`. */
fr_rect fr_turn_rect(fr_turn turn, fr_rect rect, uint32_t width, uint32_t height);

/* Fills `rect` of the turned picture `to`, in which it must lie, from the picture `from`, which has the same
 * format and, for 90 and 270 degrees, height and width exchanged. */
void fr_turn_copy(fr_turn turn, const fr_canvas *to, const fr_canvas *from, fr_rect rect);

#endif
