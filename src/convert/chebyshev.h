/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_CHEBYSHEV_H
#define FR_CONVERT_CHEBYSHEV_H

#include "convert/curve.h"

/* c[0] + c[1] x + c[2] x^2 + c[3] x^3 near the function from `start` to `end`: it meets it where a Chebyshev
 * polynomial is 0. */
void fr_fit_cubic(double c[4], double start, double end, fr_curve_fn *function, const void *arg);

#endif
