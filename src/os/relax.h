/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_RELAX_H
#define FR_OS_RELAX_H

/* Between two looks at a word that another core will change: leaves the core's other thread, the memory
 * system and a hypervisor some room. */

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#endif

static inline void fr_cpu_relax(void)
{
#if defined(_MSC_VER) && !defined(__clang__) && (defined(_M_ARM64) || defined(_M_ARM64EC))
    __yield();
#elif defined(_MSC_VER) && !defined(__clang__)
    _mm_pause();
#elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield");
#endif
}

#endif
