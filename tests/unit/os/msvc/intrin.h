/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_OS_MSVC_INTRIN_H
#define FR_TESTS_UNIT_OS_MSVC_INTRIN_H

/* Stands in for the header of Microsoft's compiler: what os/atomic_msvc.h uses of it, for ARM64, writing down
 * what is done: L a load, S a store, B a barrier, X an exchange that is a barrier itself. */

#include <stdint.h>
#include <string.h>

#define _M_ARM64 1
#define _ARM64_BARRIER_ISH 11
#define __int32 int32_t
#define __int64 int64_t

extern char msvc_trace[16];

static inline void msvc_note(char what)
{
    const size_t length = strlen(msvc_trace);
    if (length < sizeof(msvc_trace) - 1)
        msvc_trace[length] = what;
}

static inline void __dmb(unsigned kind)
{
    msvc_note(kind == _ARM64_BARRIER_ISH ? 'B' : '?');
}

static inline int32_t __iso_volatile_load32(const volatile int32_t *word)
{
    msvc_note('L');
    return *word;
}

static inline int64_t __iso_volatile_load64(const volatile int64_t *word)
{
    msvc_note('L');
    return *word;
}

static inline void __iso_volatile_store32(volatile int32_t *word, int32_t value)
{
    msvc_note('S');
    *word = value;
}

static inline void __iso_volatile_store64(volatile int64_t *word, int64_t value)
{
    msvc_note('S');
    *word = value;
}

/* `long` has 32 bits there; the words that the test hands in are of that size. */
static inline long _InterlockedCompareExchange(volatile long *word, long desired, long expected)
{
    volatile int32_t *word32 = (volatile int32_t *)word;
    const int32_t before = *word32;
    msvc_note('X');
    if (before == (int32_t)expected)
        *word32 = (int32_t)desired;
    return before;
}

static inline long _InterlockedExchangeAdd(volatile long *word, long amount)
{
    volatile int32_t *word32 = (volatile int32_t *)word;
    const int32_t before = *word32;
    msvc_note('X');
    *word32 = (int32_t)((uint32_t)before + (uint32_t)amount);
    return before;
}

#endif
