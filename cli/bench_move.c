/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_move.h"

#include <framering/convert.h>

#include <stdbool.h>
#include <string.h>

/* Lines of input for each three of output: 4 (RGB10A2 to P010) to 16 (RGBA16F to NV12); 3 for a copy. */
enum { LINE = 64, GROUP = 3, LINES_MAX = 16 };

/* To the nearest: of odd sizes there is some chroma more. */
static size_t input_of(size_t in_bytes, size_t out_bytes)
{
    const size_t lines = (in_bytes * GROUP + out_bytes / 2) / out_bytes;
    return lines < 1 ? 1 : lines > LINES_MAX ? LINES_MAX : lines;
}

/* How many groups both have. */
static size_t count_groups(size_t in_bytes, size_t out_bytes, size_t lines)
{
    const size_t of_in = in_bytes / (lines * LINE), of_out = out_bytes / (GROUP * LINE);
    return of_in < of_out ? of_in : of_out;
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
    size_t count = count_groups(in_bytes, out_bytes, lines);
    for (; count > 0; count--, in += lines * LINE, out += GROUP * LINE) {
        const vector value = fold(in, lines * LINE);
        vector *to = (vector *)out;
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

enum way { PLAIN, STREAM, STREAM_AHEAD };

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))
#define INLINE static inline __attribute__((always_inline))

INLINE AVX2 __m256i fold_line_avx2(const uint8_t *in, enum way way)
{
    const __m256i *from = (const __m256i *)in;
    if (way == STREAM_AHEAD)
        _mm_prefetch((const char *)in + AHEAD, _MM_HINT_NTA);
    return _mm256_xor_si256(from[0], from[1]);
}

INLINE AVX512 __m512i take_line_avx512(const uint8_t *in, enum way way)
{
    if (way == STREAM_AHEAD)
        _mm_prefetch((const char *)in + AHEAD, _MM_HINT_NTA);
    return *(const __m512i *)in;
}

/* Three lines of output, after their lines of input. */
INLINE AVX2 void group_avx2(const uint8_t *in, uint8_t *out, size_t lines, enum way way)
{
    __m256i *to = (__m256i *)out, a = _mm256_setzero_si256();
    size_t i = 0;
    for (; i + 4 <= lines; i += 4) {
        a = _mm256_xor_si256(a, fold_line_avx2(in + i * LINE, way));
        a = _mm256_xor_si256(a, fold_line_avx2(in + (i + 1) * LINE, way));
        a = _mm256_xor_si256(a, fold_line_avx2(in + (i + 2) * LINE, way));
        a = _mm256_xor_si256(a, fold_line_avx2(in + (i + 3) * LINE, way));
    }
    for (size_t k = 0; k < lines % 4; k++)
        a = _mm256_xor_si256(a, fold_line_avx2(in + (i + k) * LINE, way));
    for (int k = 0; k < 2 * GROUP; k++) {
        if (way == PLAIN)
            to[k] = a;
        else
            _mm256_stream_si256(to + k, a);
    }
}

INLINE AVX512 void group_avx512(const uint8_t *in, uint8_t *out, size_t lines, enum way way)
{
    __m512i *to = (__m512i *)out, a = _mm512_setzero_si512();
    size_t i = 0;
    for (; i + 4 <= lines; i += 4) {
        a = _mm512_xor_si512(a, take_line_avx512(in + i * LINE, way));
        a = _mm512_xor_si512(a, take_line_avx512(in + (i + 1) * LINE, way));
        a = _mm512_xor_si512(a, take_line_avx512(in + (i + 2) * LINE, way));
        a = _mm512_xor_si512(a, take_line_avx512(in + (i + 3) * LINE, way));
    }
    for (size_t k = 0; k < lines % 4; k++)
        a = _mm512_xor_si512(a, take_line_avx512(in + (i + k) * LINE, way));
    for (int k = 0; k < GROUP; k++) {
        if (way == PLAIN)
            to[k] = a;
        else
            _mm512_stream_si512(to + k, a);
    }
}

INLINE AVX2 void groups_avx2(const uint8_t *in, uint8_t *out, size_t count, size_t lines, enum way way)
{
    for (; count > 0; count--, in += lines * LINE, out += GROUP * LINE)
        group_avx2(in, out, lines, way);
}

INLINE AVX512 void groups_avx512(const uint8_t *in, uint8_t *out, size_t count, size_t lines, enum way way)
{
    for (; count > 0; count--, in += lines * LINE, out += GROUP * LINE)
        group_avx512(in, out, lines, way);
}

/* The proportions of pictures as constants: a loop in the loop takes as long as the memory. */
INLINE AVX2 void move_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes, enum way way)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const size_t count = count_groups(in_bytes, out_bytes, lines);
    switch (lines) {
    case 3: groups_avx2(in, out, count, 3, way); break;
    case 4: groups_avx2(in, out, count, 4, way); break;
    case 8: groups_avx2(in, out, count, 8, way); break;
    case 16: groups_avx2(in, out, count, 16, way); break;
    default: move_plain(in, in_bytes, out, out_bytes);
    }
    _mm_sfence();
    keep(out);
}

INLINE AVX512 void move_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes,
                               enum way way)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const size_t count = count_groups(in_bytes, out_bytes, lines);
    switch (lines) {
    case 3: groups_avx512(in, out, count, 3, way); break;
    case 4: groups_avx512(in, out, count, 4, way); break;
    case 8: groups_avx512(in, out, count, 8, way); break;
    case 16: groups_avx512(in, out, count, 16, way); break;
    default: move_plain(in, in_bytes, out, out_bytes);
    }
    _mm_sfence();
    keep(out);
}

/* Both halves at once: memory has more to do at a time. */
INLINE AVX512 void pairs_avx512(const uint8_t *in, uint8_t *out, size_t count, size_t lines)
{
    const size_t half = count / 2;
    const uint8_t *other_in = in + half * lines * LINE;
    uint8_t *other_out = out + half * GROUP * LINE;
    for (size_t i = 0; i < half; i++, in += lines * LINE, out += GROUP * LINE) {
        group_avx512(in, out, lines, STREAM_AHEAD);
        group_avx512(other_in, other_out, lines, STREAM_AHEAD);
        other_in += lines * LINE;
        other_out += GROUP * LINE;
    }
    if (count % 2)
        group_avx512(other_in, other_out, lines, STREAM_AHEAD);
}

static AVX512 void halves_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    const size_t lines = input_of(in_bytes, out_bytes);
    const size_t count = count_groups(in_bytes, out_bytes, lines);
    switch (lines) {
    case 3: pairs_avx512(in, out, count, 3); break;
    case 4: pairs_avx512(in, out, count, 4); break;
    case 8: pairs_avx512(in, out, count, 8); break;
    case 16: pairs_avx512(in, out, count, 16); break;
    default: move_plain(in, in_bytes, out, out_bytes);
    }
    _mm_sfence();
    keep(out);
}

static AVX2 void plain_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, PLAIN);
}

static AVX2 void stream_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, STREAM);
}

static AVX2 void ahead_avx2(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx2(in, in_bytes, out, out_bytes, STREAM_AHEAD);
}

static AVX512 void plain_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, PLAIN);
}

static AVX512 void stream_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, STREAM);
}

static AVX512 void ahead_avx512(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes)
{
    move_avx512(in, in_bytes, out, out_bytes, STREAM_AHEAD);
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
        out[count++] = (struct bench_move){"stream halves avx512", halves_avx512};
    }
#endif
    return count;
}
