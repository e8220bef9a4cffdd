/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef CONVERT_REFERENCE_H
#define CONVERT_REFERENCE_H

#include <framering/convert.h>

/*
 * The conversions in double precision, from the formulas of the standards and nothing of src/. The codes are
 * not rounded. `luma` takes width * height codes, `chroma` Cb and Cr in turn, two to each of the (width + 1)
 * / 2 * (height + 1) / 2 samples.
 */
void reference_convert(const fr_convert_params *params, const void *src, ptrdiff_t src_pitch_bytes,
                       double *luma, double *chroma);

/* The value of a half; NaN and infinities as they are. */
double reference_half(uint16_t half);

/* The nearest half (ties away from 0; no overflow to infinity). */
uint16_t reference_half_from(double value);

/* cd/m2 to the PQ signal. */
double reference_pq(double nits);

/* BT.2390 EETF in cd/m2. */
double reference_tone(double nits, double peak, double white);

#endif
