/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_PART_H
#define FR_CONVERT_PART_H

#include <framering/convert.h>

/*
 * As fr_converter_run, of the same whole pictures, but at least of `part` alone, which begins at an even
 * column and row and ends at one or at the picture's edge. What it writes is to the bit what fr_converter_run
 * would have written there.
 */
void fr_converter_run_part(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                           void *const dst[2], const ptrdiff_t dst_pitch_bytes[2], const fr_rect *part);

#endif
