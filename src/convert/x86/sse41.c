/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/sse41.h"

const fr_convert_kernel fr_convert_kernels_sse41[] = {
    {.name = NULL},
};
