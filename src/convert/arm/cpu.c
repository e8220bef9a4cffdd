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
