/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/copy.h"
#include "convert/kernel.h"

/* Stands for x86/ on other machines. */

const fr_convert_kernel fr_convert_kernels_sse41[] = {{.name = NULL}};
const fr_convert_kernel fr_convert_kernels_avx2[] = {{.name = NULL}};
const fr_convert_kernel fr_convert_kernels_avx512[] = {{.name = NULL}};
const fr_copy_kernel fr_copy_kernels[] = {{.name = NULL}};
