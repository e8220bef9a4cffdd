/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/signal.h"
#include "convert/half.h"
#include "convert/rgba16f_p010.h"

static void load_row(const fr_convert_tables *tables, const uint8_t *src, size_t count,
                     const fr_signal_row *out)
{
    float rgba[4 * FR_BLOCK_PLANE];
    fr_scrgb_load(rgba, src, count);
    float *const to[3] = {out->r, out->g, out->b};
    for (int k = 0; k < 3; k++) {
        /* In double precision: where two large components of opposite sign nearly cancel, the sum in single
         * precision would be noise, and PQ makes noise near black visible. */
        const double *const m = fr_scrgb_to_bt2020[k];
        float light[FR_BLOCK_PLANE];
        for (size_t i = 0; i < count; i++) {
            const float *const p = rgba + 4 * i;
            light[i] =
                fr_clamp_unit((float)(m[0] * (double)p[0] + m[1] * (double)p[1] + m[2] * (double)p[2]));
        }
        for (size_t i = 0; i < count; i++)
            to[k][i] = fr_curve_at(&tables->transfer, light[i]);
    }
}

void convert_rgba16f_p010_c(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_signal_convert(tables, rows, from, load_row, &fr_matrix_bt2020_10bit, fr_codes_store_p010);
}
