/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_move.h"

#include <framering/convert.h>

#include <string.h>

/* Lines of input for each three of output: 4 (RGB10A2 to P010) to 16 (RGBA16F to NV12); 3 for a copy. */
enum { LINE = 64, GROUP = 3 };

static size_t input_of(size_t in_bytes, size_t out_bytes)
{
    return in_bytes * GROUP / out_bytes;
}

/* The compiler must not see that nobody reads this. */
static void keep(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

/* What a vector of the baseline has: 16 bytes on every processor of 64 bit. */
typedef uint64_t vector __attribute__((vector_size(16), may_alias, aligned(1)));

static vector fold(const uint8_t *in, size_t bytes)
{
    const vector *from = (const vector *)in;
    vector a = {0}, b = {0};
    for (size_t i = 0; i + 4 <= bytes / sizeof(vector); i += 4) {
        a ^= from[i] ^ from[i + 1];
        b ^= from[i + 2] ^ from[i + 3];
    }
    return a ^ b;
}

static void move_plain(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    for (size_t done = 0; done + GROUP * LINE <= out_bytes; done += GROUP * LINE, in += lines * LINE) {
        const vector value = fold(in, lines * LINE);
        vector *to = (vector *)(out + done);
        for (size_t i = 0; i < GROUP * LINE / sizeof(vector); i++)
            to[i] = value;
    }
    keep(out);
}

/* The C library's way to write, chosen by it for this size, then the rest of the reads. */
static void move_memcpy(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    if (out_bytes > in_bytes)
        return; /* a picture of one pixel */
    memcpy(out, in, out_bytes);
    keep(out);
    const vector rest = fold(in + out_bytes, in_bytes - out_bytes);
    keep(&rest);
}

#ifdef __x86_64__
#include <immintrin.h>

__attribute__((target("avx2"))) static void move_plain_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out,
                                                            size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m256i *from = (const __m256i *)in;
    __m256i *to = (__m256i *)out, a = _mm256_setzero_si256(), b = a;
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--, to += 2 * GROUP) {
        for (size_t i = 0; i < lines; i++, from += 2) {
            a = _mm256_xor_si256(a, from[0]);
            b = _mm256_xor_si256(b, from[1]);
        }
        for (int i = 0; i < 2 * GROUP; i += 2) {
            to[i] = a;
            to[i + 1] = b;
        }
    }
    keep(out);
}

__attribute__((target("avx2"))) static void move_stream_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out,
                                                             size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m256i *from = (const __m256i *)in;
    __m256i *to = (__m256i *)out, a = _mm256_setzero_si256(), b = a;
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--, to += 2 * GROUP) {
        for (size_t i = 0; i < lines; i++, from += 2) {
            a = _mm256_xor_si256(a, from[0]);
            b = _mm256_xor_si256(b, from[1]);
        }
        for (int i = 0; i < 2 * GROUP; i += 2) {
            _mm256_stream_si256(to + i, a);
            _mm256_stream_si256(to + i + 1, b);
        }
    }
    _mm_sfence();
}

__attribute__((target("avx512f"))) static void move_plain_avx512(const uint8_t *in, size_t in_bytes,
                                                                 uint8_t *out, size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m512i *from = (const __m512i *)in;
    __m512i *to = (__m512i *)out, a = _mm512_setzero_si512();
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--, to += GROUP) {
        for (size_t i = 0; i < lines; i++)
            a = _mm512_xor_si512(a, *from++);
        for (int i = 0; i < GROUP; i++)
            to[i] = a;
    }
    keep(out);
}

__attribute__((target("avx512f"))) static void move_stream_avx512(const uint8_t *in, size_t in_bytes,
                                                                  uint8_t *out, size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m512i *from = (const __m512i *)in;
    __m512i *to = (__m512i *)out, a = _mm512_setzero_si512();
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--, to += GROUP) {
        for (size_t i = 0; i < lines; i++)
            a = _mm512_xor_si512(a, *from++);
        for (int i = 0; i < GROUP; i++)
            _mm512_stream_si512(to + i, a);
    }
    _mm_sfence();
}
#endif

size_t bench_moves(struct bench_move *out, uint32_t cpu)
{
    size_t count = 0;
    (void)cpu;
    out[count++] = (struct bench_move){"plain", move_plain};
    out[count++] = (struct bench_move){"memcpy", move_memcpy};
#ifdef __x86_64__
    if (cpu & FR_CPU_AVX2) {
        out[count++] = (struct bench_move){"plain avx2", move_plain_avx2};
        out[count++] = (struct bench_move){"stream avx2", move_stream_avx2};
    }
    if (cpu & FR_CPU_AVX512) {
        out[count++] = (struct bench_move){"plain avx512", move_plain_avx512};
        out[count++] = (struct bench_move){"stream avx512", move_stream_avx512};
    }
#endif
    return count;
}
