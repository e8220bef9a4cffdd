/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX512_H
#define FR_CONVERT_X86_AVX512_H

#include "convert/kernel.h"

#include <immintrin.h>

fr_convert_fn convert_rgba16f_p010_avx512;
fr_convert_fn convert_rgba16f_nv12_avx512;

#endif
