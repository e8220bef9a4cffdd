/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"

#include <cpuid.h>

/* Which register files the operating system saves. */
static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

uint32_t fr_convert_detect_cpu(void)
{
    const uint32_t fma = 1u << 12, sse41 = 1u << 19, osxsave = 1u << 27, f16c = 1u << 29; /* leaf 1, ecx */
    const uint32_t avx2 = 1u << 5;                                                        /* leaf 7, ebx */
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;                    /* F DQ BW VL */
    const uint32_t vbmi = 1u << 1;                                                        /* leaf 7, ecx */
    const uint32_t ymm = 0x6, zmm = 0xe6;                                                 /* xcr0 */

    uint32_t a, b, c1, d, b7 = 0, c7 = 0, flags = 0;
    if (!__get_cpuid(1, &a, &b, &c1, &d))
        return 0;
    __get_cpuid_count(7, 0, &a, &b7, &c7, &d);
    if (c1 & sse41)
        flags |= FR_CPU_SSE41;
    const uint32_t saved = c1 & osxsave ? saved_state() : 0;
    if ((saved & ymm) != ymm || (c1 & (fma | f16c)) != (fma | f16c) || !(b7 & avx2))
        return flags;
    flags |= FR_CPU_AVX2;
    if ((saved & zmm) == zmm && (b7 & avx512) == avx512 && (c7 & vbmi))
        flags |= FR_CPU_AVX512;
    return flags;
}
