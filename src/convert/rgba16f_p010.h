/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_RGBA16F_P010_H
#define FR_CONVERT_RGBA16F_P010_H

/* scRGB to linear BT.2020 with 10000 cd/m2 as 1: BT.2087 for 80 cd/m2 to the unit. */
#define FR_SCRGB_UNIT (80.0 / 10000)

static const double fr_scrgb_to_bt2020[3][3] = {
    {0.627403914 * FR_SCRGB_UNIT, 0.329283038 * FR_SCRGB_UNIT, 0.043313048 * FR_SCRGB_UNIT},
    {0.069097292 * FR_SCRGB_UNIT, 0.919540405 * FR_SCRGB_UNIT, 0.011362303 * FR_SCRGB_UNIT},
    {0.016391439 * FR_SCRGB_UNIT, 0.088013308 * FR_SCRGB_UNIT, 0.895595253 * FR_SCRGB_UNIT},
};

#endif
