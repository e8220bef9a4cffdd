/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/arm/neon.h"

const fr_convert_kernel fr_convert_kernels_neon[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, FR_CPU_NEON, "convert_bgra_nv12_neon", convert_bgra_nv12_neon},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, FR_CPU_NEON, "convert_rgba_nv12_neon", convert_rgba_nv12_neon},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, FR_CPU_NEON, "convert_rgb10a2_p010_neon", convert_rgb10a2_p010_neon},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, FR_CPU_NEON, "convert_rgba16f_p010_neon", convert_rgba16f_p010_neon},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_CPU_NEON, "convert_rgba16f_nv12_neon", convert_rgba16f_nv12_neon},
    {.name = NULL},
};
