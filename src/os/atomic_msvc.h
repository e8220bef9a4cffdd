/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_ATOMIC_MSVC_H
#define FR_OS_ATOMIC_MSVC_H

/*
 * The functions of atomic.h for Microsoft's compiler, which includes this. Plain loads and stores go through
 * __iso_volatile_*, which are one access each and are given no order of their own, whatever /volatile says.
 * x86 keeps loads in order with loads and stores with stores, so there only the compiler has to be held;
 * ARM64 needs a barrier, and a full one is right for acquire and release alike. The _Interlocked functions
 * without a suffix are full barriers on both.
 */

#include <intrin.h>

#if defined(_M_ARM64) || defined(_M_ARM64EC)
#define FR_MSVC_BARRIER() __dmb(_ARM64_BARRIER_ISH)
#elif defined(_M_X64) || defined(_M_IX86)
/* Deprecated in favour of C++'s atomics, which C has not. */
#define FR_MSVC_BARRIER()                                                                                    \
    __pragma(warning(push)) __pragma(warning(disable : 4996)) _ReadWriteBarrier() __pragma(warning(pop))
#else
#error "os/atomic_msvc.h knows x86, x86-64 and ARM64"
#endif

static inline uint32_t fr_load_relaxed_u32(const uint32_t *word)
{
    FR_ATOMIC_STEP();
    return (uint32_t)__iso_volatile_load32((const volatile __int32 *)word);
}

static inline uint32_t fr_load_acquire_u32(const uint32_t *word)
{
    const uint32_t value = fr_load_relaxed_u32(word);
    FR_MSVC_BARRIER();
    return value;
}

static inline uint64_t fr_load_relaxed_u64(const uint64_t *word)
{
    FR_ATOMIC_STEP();
    return (uint64_t)__iso_volatile_load64((const volatile __int64 *)word);
}

static inline uint64_t fr_load_acquire_u64(const uint64_t *word)
{
    const uint64_t value = fr_load_relaxed_u64(word);
    FR_MSVC_BARRIER();
    return value;
}

static inline void fr_store_relaxed_u32(uint32_t *word, uint32_t value)
{
    FR_ATOMIC_STEP();
    __iso_volatile_store32((volatile __int32 *)word, (__int32)value);
}

static inline void fr_store_release_u32(uint32_t *word, uint32_t value)
{
    FR_MSVC_BARRIER();
    fr_store_relaxed_u32(word, value);
}

static inline void fr_store_relaxed_u64(uint64_t *word, uint64_t value)
{
    FR_ATOMIC_STEP();
    __iso_volatile_store64((volatile __int64 *)word, (__int64)value);
}

static inline void fr_store_release_u64(uint64_t *word, uint64_t value)
{
    FR_MSVC_BARRIER();
    fr_store_relaxed_u64(word, value);
}

static inline bool fr_compare_swap_u32(uint32_t *word, uint32_t expected, uint32_t desired)
{
    FR_ATOMIC_STEP();
    return (uint32_t)_InterlockedCompareExchange((volatile long *)word, (long)desired, (long)expected) ==
           expected;
}

static inline uint32_t fr_add_acq_rel_u32(uint32_t *word, uint32_t amount)
{
    FR_ATOMIC_STEP();
    return (uint32_t)_InterlockedExchangeAdd((volatile long *)word, (long)amount) + amount;
}

static inline uint32_t fr_sub_acq_rel_u32(uint32_t *word, uint32_t amount)
{
    return fr_add_acq_rel_u32(word, 0u - amount);
}

static inline void fr_fence_release(void)
{
    FR_MSVC_BARRIER();
}

static inline void fr_fence_acquire(void)
{
    FR_MSVC_BARRIER();
}

/* An exchange is a full barrier, also for loads after it; FR_MSVC_BARRIER holds only the compiler on x86. */
static inline void fr_fence_full(void)
{
    long word = 0;
    FR_MSVC_BARRIER();
    (void)_InterlockedExchangeAdd(&word, 0);
    FR_MSVC_BARRIER();
}

#endif
