/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_ATOMIC_H
#define FR_OS_ATOMIC_H

/*
 * The only functions that touch words which another process or thread may touch. The memory order is in the
 * name; the caller's comment names the partner. Each is a point where the other side may run: a build with
 * FR_SIMULATOR calls fr_simulator_step before every one, which is how tests/sim explores the interleavings.
 */

#include <stdbool.h>
#include <stdint.h>

#ifdef FR_SIMULATOR
void fr_simulator_step(void);
#define FR_ATOMIC_STEP() fr_simulator_step()
#else
#define FR_ATOMIC_STEP() ((void)0)
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#include "os/atomic_msvc.h"
#else

static inline uint32_t fr_load_relaxed_u32(const uint32_t *word)
{
    FR_ATOMIC_STEP();
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint32_t fr_load_acquire_u32(const uint32_t *word)
{
    FR_ATOMIC_STEP();
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline uint64_t fr_load_relaxed_u64(const uint64_t *word)
{
    FR_ATOMIC_STEP();
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline uint64_t fr_load_acquire_u64(const uint64_t *word)
{
    FR_ATOMIC_STEP();
    return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static inline void fr_store_relaxed_u32(uint32_t *word, uint32_t value)
{
    FR_ATOMIC_STEP();
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void fr_store_release_u32(uint32_t *word, uint32_t value)
{
    FR_ATOMIC_STEP();
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static inline void fr_store_relaxed_u64(uint64_t *word, uint64_t value)
{
    FR_ATOMIC_STEP();
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static inline void fr_store_release_u64(uint64_t *word, uint64_t value)
{
    FR_ATOMIC_STEP();
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

/* Acquire and release on success; acquire on failure, so that what the other side wrote before is seen. */
static inline bool fr_compare_swap_u32(uint32_t *word, uint32_t expected, uint32_t desired)
{
    FR_ATOMIC_STEP();
    return __atomic_compare_exchange_n(word, &expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Returns the new value. */
static inline uint32_t fr_add_acq_rel_u32(uint32_t *word, uint32_t amount)
{
    FR_ATOMIC_STEP();
    return __atomic_add_fetch(word, amount, __ATOMIC_ACQ_REL);
}

/* Returns the new value. */
static inline uint32_t fr_sub_acq_rel_u32(uint32_t *word, uint32_t amount)
{
    FR_ATOMIC_STEP();
    return __atomic_sub_fetch(word, amount, __ATOMIC_ACQ_REL);
}

static inline void fr_fence_release(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

static inline void fr_fence_acquire(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Stores before it are seen before loads after it are made. */
static inline void fr_fence_full(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

#endif
