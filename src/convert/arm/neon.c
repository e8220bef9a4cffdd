/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/arm/neon.h"

const fr_convert_kernel fr_convert_kernels_neon[] = {
    {.name = NULL},
};
