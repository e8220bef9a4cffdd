/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"

/* Stands for arm/ on other machines. */

const fr_convert_kernel fr_convert_kernels_neon[] = {{.name = NULL}};
