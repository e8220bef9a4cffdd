/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/sse41.h"

const fr_convert_kernel fr_convert_kernels_sse41[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, FR_CPU_SSE41, "convert_bgra_nv12_sse41", convert_bgra_nv12_sse41},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, FR_CPU_SSE41, "convert_rgba_nv12_sse41", convert_rgba_nv12_sse41},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, FR_CPU_SSE41, "convert_rgb10a2_p010_sse41",
     convert_rgb10a2_p010_sse41},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, FR_CPU_SSE41, "convert_rgba16f_p010_sse41",
     convert_rgba16f_p010_sse41},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_CPU_SSE41, "convert_rgba16f_nv12_sse41",
     convert_rgba16f_nv12_sse41},
    {.name = NULL},
};
