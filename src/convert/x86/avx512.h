/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_AVX512_H
#define FR_CONVERT_X86_AVX512_H

#include "convert/kernel.h"

#include <immintrin.h>

#endif
