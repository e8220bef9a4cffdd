/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"
#include "os/atomic.h"

struct leaf {
    uint32_t a, b, c, d;
};

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>

static struct leaf cpuid(uint32_t leaf, uint32_t subleaf)
{
    int most[4], out[4];
    __cpuid(most, (int)(leaf & 0x80000000));
    if ((uint32_t)most[0] < leaf)
        return (struct leaf){0};
    __cpuidex(out, (int)leaf, (int)subleaf);
    return (struct leaf){(uint32_t)out[0], (uint32_t)out[1], (uint32_t)out[2], (uint32_t)out[3]};
}

/* Which register files the operating system saves. */
static uint32_t saved_state(void)
{
    return (uint32_t)_xgetbv(0);
}

static void store_fence(void)
{
    _mm_sfence();
}
#else
#include <cpuid.h>

static struct leaf cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct leaf out = {0};
    __get_cpuid_count(leaf, subleaf, &out.a, &out.b, &out.c, &out.d);
    return out;
}

static uint32_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static void store_fence(void)
{
    __asm__ volatile("sfence" ::: "memory");
}
#endif

static uint32_t detect(void)
{
    const uint32_t fma = 1u << 12, sse41 = 1u << 19, osxsave = 1u << 27, f16c = 1u << 29; /* leaf 1, ecx */
    const uint32_t avx2 = 1u << 5;                                                        /* leaf 7, ebx */
    const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;                    /* F DQ BW VL */
    const uint32_t vbmi_vnni = 1u << 1 | 1u << 11;                                        /* leaf 7, ecx */
    const uint32_t ymm = 0x6, zmm = 0xe6;                                                 /* xcr0 */

    uint32_t flags = 0;
    const uint32_t c1 = cpuid(1, 0).c;
    const struct leaf seven = cpuid(7, 0);
    if (c1 & sse41)
        flags |= FR_CPU_SSE41;
    const uint32_t saved = c1 & osxsave ? saved_state() : 0;
    if ((saved & ymm) != ymm || (c1 & (fma | f16c)) != (fma | f16c) || !(seven.b & avx2))
        return flags;
    flags |= FR_CPU_AVX2;
    if ((saved & zmm) == zmm && (seven.b & avx512) == avx512 && (seven.c & vbmi_vnni) == vbmi_vnni)
        flags |= FR_CPU_AVX512;
    return flags;
}

static size_t largest_cache(uint32_t leaf)
{
    size_t most = 0;
    for (uint32_t i = 0; i < 16; i++) {
        const struct leaf cache = cpuid(leaf, i);
        if ((cache.a & 31) == 0) /* no more of them */
            break;
        const size_t ways = (cache.b >> 22) + 1, partitions = (cache.b >> 12 & 1023) + 1;
        const size_t bytes = ways * partitions * ((cache.b & 4095) + 1) * ((size_t)cache.c + 1);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static uint32_t find_cache(void)
{
    const uint32_t intel = 4, amd = 0x8000001d;
    const size_t bytes = largest_cache(intel);
    return (uint32_t)((bytes ? bytes : largest_cache(amd)) >> 10);
}

/* Asking takes microseconds under a hypervisor; whoever asks first keeps the answer, which is always the
 * same. */
static uint32_t keep(uint32_t *kept, uint32_t (*find)(void))
{
    const uint32_t is_known = 1u << 31, found = fr_load_relaxed_u32(kept);
    if (found & is_known)
        return found & ~is_known;
    const uint32_t now = find();
    fr_store_relaxed_u32(kept, now | is_known);
    return now;
}

uint32_t fr_convert_detect_cpu(void)
{
    static uint32_t flags;
    return keep(&flags, detect);
}

size_t fr_convert_cache_bytes(void)
{
    static uint32_t kib;
    return (size_t)keep(&kib, find_cache) << 10;
}

void fr_convert_end_stream(void)
{
    store_fence();
}
