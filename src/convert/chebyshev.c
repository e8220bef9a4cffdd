/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/chebyshev.h"

#include <math.h>

void fr_fit_cubic(double c[4], double start, double end, fr_curve_fn *function, const void *arg)
{
    static const double half_pi_fourth = 0.39269908169872414;
    double x[4], d[4];
    for (int i = 0; i < 4; i++) {
        x[i] = start + (end - start) * (1 - cos((2 * i + 1) * half_pi_fourth)) / 2;
        d[i] = function(x[i], arg);
    }
    /* Divided differences, multiplied out. */
    for (int order = 1; order < 4; order++)
        for (int i = 3; i >= order; i--)
            d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - order]);
    c[0] = d[0] - d[1] * x[0] + d[2] * x[0] * x[1] - d[3] * x[0] * x[1] * x[2];
    c[1] = d[1] - d[2] * (x[0] + x[1]) + d[3] * (x[0] * x[1] + x[0] * x[2] + x[1] * x[2]);
    c[2] = d[2] - d[3] * (x[0] + x[1] + x[2]);
    c[3] = d[3];
}
