/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_STAMP_H
#define MACHINE_STAMP_H

/* Pictures of one grey that says which picture it is. */

#include "machine/machine.h"

#include <framering/frame.h>
#include <framering/source.h>

void stamp_draw(const fr_slot *slot, uint32_t stamp);

/* The luma code that the stamp has after conversion; -1: not known (a tone-mapped picture). */
int stamp_code(fr_format ring_format, fr_format out_format, uint32_t stamp);

/* True when every pixel of the frame has that luma, to one code, and no colour. */
bool stamp_fills(const fr_frame *frame, int code);

/* The luma code of the first pixel. */
int stamp_first_code(const fr_frame *frame);

#endif
