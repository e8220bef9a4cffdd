/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/signal.h"
#include "convert/half.h"

static void load_row(const fr_convert_tables *tables, const uint8_t *src, size_t count,
                     const fr_signal_row *out)
{
    float rgba[4 * FR_BLOCK_PLANE], gain[FR_BLOCK_PLANE];
    fr_scrgb_load(rgba, src, count);
    for (size_t i = 0; i < count; i++) {
        const float *const p = rgba + 4 * i;
        float largest = p[0] > 0 ? p[0] : 0;
        largest = p[1] > largest ? p[1] : largest;
        largest = p[2] > largest ? p[2] : largest;
        gain[i] = fr_curve_at(&tables->gain, largest);
    }
    float *const to[3] = {out->r, out->g, out->b};
    for (int k = 0; k < 3; k++)
        for (size_t i = 0; i < count; i++)
            to[k][i] = fr_curve_at(&tables->transfer, fr_clamp_unit(rgba[4 * i + (size_t)k] * gain[i]));
}

void convert_rgba16f_nv12_c(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    fr_signal_convert(tables, rows, from, load_row, &fr_matrix_bt709_8bit, fr_codes_store_nv12);
}
