/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_move.h"

#include <framering/convert.h>

#include <stdbool.h>
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

/* How far ahead memory is asked for, where it is: the processor's own prefetchers end with a page. */
enum { AHEAD = 16384 };

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))
#define INLINE static inline __attribute__((always_inline))

INLINE AVX2 void move_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes, bool stream,
                           size_t ahead)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m256i *from = (const __m256i *)in;
    __m256i *to = (__m256i *)out, a = _mm256_setzero_si256(), b = a;
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--) {
        for (size_t i = 0; i < lines; i++, from += 2) {
            if (ahead)
                _mm_prefetch((const char *)from + ahead, _MM_HINT_NTA);
            a = _mm256_xor_si256(a, from[0]);
            b = _mm256_xor_si256(b, from[1]);
        }
        for (int i = 0; i < GROUP; i++, to += 2) {
            if (stream) {
                _mm256_stream_si256(to, a);
                _mm256_stream_si256(to + 1, b);
            } else {
                to[0] = a;
                to[1] = b;
            }
        }
    }
    _mm_sfence();
    keep(out);
}

INLINE AVX512 void move_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes,
                               bool stream, size_t ahead)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const __m512i *from = (const __m512i *)in;
    __m512i *to = (__m512i *)out, a = _mm512_setzero_si512();
    for (size_t group = out_bytes / (GROUP * LINE); group > 0; group--) {
        for (size_t i = 0; i < lines; i++, from++) {
            if (ahead)
                _mm_prefetch((const char *)from + ahead, _MM_HINT_NTA);
            a = _mm512_xor_si512(a, *from);
        }
        for (int i = 0; i < GROUP; i++, to++) {
            if (stream)
                _mm512_stream_si512(to, a);
            else
                *to = a;
        }
    }
    _mm_sfence();
    keep(out);
}

static AVX2 void plain_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, false, 0);
}

static AVX2 void stream_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, true, 0);
}

static AVX2 void ahead_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, true, AHEAD);
}

static AVX512 void plain_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, false, 0);
}

static AVX512 void stream_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, true, 0);
}

static AVX512 void ahead_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, true, AHEAD);
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
        out[count++] = (struct bench_move){"plain avx2", plain_avx2};
        out[count++] = (struct bench_move){"stream avx2", stream_avx2};
        out[count++] = (struct bench_move){"stream ahead avx2", ahead_avx2};
    }
    if (cpu & FR_CPU_AVX512) {
        out[count++] = (struct bench_move){"plain avx512", plain_avx512};
        out[count++] = (struct bench_move){"stream avx512", stream_avx512};
        out[count++] = (struct bench_move){"stream ahead avx512", ahead_avx512};
    }
#endif
    return count;
}
