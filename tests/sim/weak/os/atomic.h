/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_ATOMIC_H
#define FR_OS_ATOMIC_H

/*
 * Stands in for src/os/atomic.h: the same functions over the model of memory in weak.c, where a store stays
 * on its way for a while and a later one may overtake it, unless a release forbids that. Loads are never
 * early: what a missing acquire would break is not found here.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t sim_weak_load(const void *word, size_t bytes);
void sim_weak_store(void *word, uint64_t value, size_t bytes, bool release);
bool sim_weak_compare_swap(uint32_t *word, uint32_t expected, uint32_t desired);
void sim_weak_fence_release(void);
void sim_weak_fence_full(void);

static inline uint32_t fr_load_relaxed_u32(const uint32_t *word)
{
    return (uint32_t)sim_weak_load(word, sizeof(*word));
}

static inline uint32_t fr_load_acquire_u32(const uint32_t *word)
{
    return (uint32_t)sim_weak_load(word, sizeof(*word));
}

static inline uint64_t fr_load_relaxed_u64(const uint64_t *word)
{
    return sim_weak_load(word, sizeof(*word));
}

static inline uint64_t fr_load_acquire_u64(const uint64_t *word)
{
    return sim_weak_load(word, sizeof(*word));
}

static inline void fr_store_relaxed_u32(uint32_t *word, uint32_t value)
{
    sim_weak_store(word, value, sizeof(*word), false);
}

static inline void fr_store_release_u32(uint32_t *word, uint32_t value)
{
    sim_weak_store(word, value, sizeof(*word), true);
}

static inline void fr_store_relaxed_u64(uint64_t *word, uint64_t value)
{
    sim_weak_store(word, value, sizeof(*word), false);
}

static inline void fr_store_release_u64(uint64_t *word, uint64_t value)
{
    sim_weak_store(word, value, sizeof(*word), true);
}

static inline bool fr_compare_swap_u32(uint32_t *word, uint32_t expected, uint32_t desired)
{
    return sim_weak_compare_swap(word, expected, desired);
}

static inline void fr_fence_release(void)
{
    sim_weak_fence_release();
}

static inline void fr_fence_acquire(void)
{
}

static inline void fr_fence_full(void)
{
    sim_weak_fence_full();
}

#endif
