/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/copy.h"

const fr_copy_kernel fr_copy_kernels[] = {
    {FR_CPU_SSE41, "copy_row_sse41", copy_row_sse41},
    {FR_CPU_AVX2, "copy_row_avx2", copy_row_avx2},
    {.name = NULL},
};
