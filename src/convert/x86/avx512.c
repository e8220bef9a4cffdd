/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/avx512.h"

const fr_convert_kernel fr_convert_kernels_avx512[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, FR_CPU_AVX512, "convert_bgra_nv12_avx512", convert_bgra_nv12_avx512},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, FR_CPU_AVX512, "convert_rgba_nv12_avx512", convert_rgba_nv12_avx512},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, FR_CPU_AVX512, "convert_rgb10a2_p010_avx512",
     convert_rgb10a2_p010_avx512},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, FR_CPU_AVX512, "convert_rgba16f_p010_avx512",
     convert_rgba16f_p010_avx512},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_CPU_AVX512, "convert_rgba16f_nv12_avx512",
     convert_rgba16f_nv12_avx512},
    {.name = NULL},
};
