/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"

#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>

uint32_t fr_convert_detect_cpu(void)
{
    return getauxval(AT_HWCAP) & HWCAP_ASIMD ? FR_CPU_NEON : 0;
}
#else
/* Every other system for this processor asks for it. */
uint32_t fr_convert_detect_cpu(void)
{
    return FR_CPU_NEON;
}
#endif

/* No kernel for this processor stores past the cache. */
size_t fr_convert_cache_bytes(void)
{
    return 0;
}

void fr_convert_end_stream(void)
{
}
