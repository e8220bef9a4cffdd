/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"

/* A processor of which nothing is known, or asked. */
uint32_t fr_convert_detect_cpu(void)
{
    return 0;
}

size_t fr_convert_cache_bytes(void)
{
    return 0;
}

void fr_convert_end_stream(void)
{
}
