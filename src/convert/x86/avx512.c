/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/avx512.h"

const fr_convert_kernel fr_convert_kernels_avx512[] = {
    {.name = NULL},
};
