/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_X86_SSE41_H
#define FR_CONVERT_X86_SSE41_H

#include "convert/kernel.h"

#include <smmintrin.h>

#endif
