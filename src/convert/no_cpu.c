/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"

/* A processor of which nothing is known, or asked. */
uint32_t fr_convert_detect_cpu(void)
{
    return 0;
}
