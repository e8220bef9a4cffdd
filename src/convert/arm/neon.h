/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_ARM_NEON_H
#define FR_CONVERT_ARM_NEON_H

#include "convert/kernel.h"

#include <arm_neon.h>

fr_convert_fn convert_bgra_nv12_neon;
fr_convert_fn convert_rgba_nv12_neon;
fr_convert_fn convert_rgb10a2_p010_neon;
fr_convert_fn convert_rgba16f_p010_neon;
fr_convert_fn convert_rgba16f_nv12_neon;

#endif
