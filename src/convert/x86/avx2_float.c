/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/avx2_light.h"

/* Signals of eight columns of two rows, 16 bits each: red in the lower and green in the upper half of a lane,
 * and blue of the first row in the lower and of the second in the upper half. */
typedef struct signals {
    __m256i rg[2], b;
} signals;

/* The lower halves of a's lanes and the upper ones of b's. */
FR_ALWAYS_INLINE __m256i join(__m256i a, __m256i b)
{
    return _mm256_blend_epi16(a, b, 0xaa);
}

/* NaN is black. */
FR_ALWAYS_INLINE __m256i clamp(__m256 light)
{
    return _mm256_castps_si256(
        _mm256_min_ps(_mm256_max_ps(light, _mm256_set1_ps(FR_LANES_BLACK)), _mm256_set1_ps(1)));
}

enum {
    BLOCK = 64,
    AHEAD = 1024 /* bytes */,
    PLANES = 6
}; /* red, green and blue of the first row, and of the second */

/* Clamped light of a block, lower and upper halves of floats. */
typedef struct block {
    _Alignas(32) uint16_t light[PLANES][BLOCK][2];
} block;

FR_ALWAYS_INLINE void put_light(block *b, int row, size_t x, const rgb *light)
{
    _mm256_store_si256((void *)b->light[3 * row][x], clamp(light->r));
    _mm256_store_si256((void *)b->light[3 * row + 1][x], clamp(light->g));
    _mm256_store_si256((void *)b->light[3 * row + 2][x], clamp(light->b));
}

FR_ALWAYS_INLINE int32_t step_at(const fr_lanes *lanes, const uint16_t light[2])
{
    int32_t step;
    memcpy(&step, &lanes->steps[light[1] - FR_LANES_DARKEST], sizeof(step));
    return step;
}

FR_ALWAYS_INLINE __m128i four_steps(const fr_lanes *lanes, const uint16_t light[4][2])
{
    const __m128i one = _mm_cvtsi32_si128(step_at(lanes, light[0]));
    const __m128i two = _mm_insert_epi32(one, step_at(lanes, light[1]), 1);
    const __m128i three = _mm_insert_epi32(two, step_at(lanes, light[2]), 2);
    return _mm_insert_epi32(three, step_at(lanes, light[3]), 3);
}

/* One by one, which takes less time than a gather. */
FR_ALWAYS_INLINE __m256i eight_steps(const fr_lanes *lanes, const uint16_t light[8][2])
{
    return _mm256_set_m128i(four_steps(lanes, light + 4), four_steps(lanes, light));
}

/* Signals of eight columns: of plane i in the lower and of plane k in the upper halves of lanes. */
FR_ALWAYS_INLINE __m256i signals_of(const fr_lanes *lanes, const block *b, int i, int k, size_t x)
{
    const uint16_t(*const pi)[2] = &b->light[i][x], (*const pk)[2] = &b->light[k][x];
    const __m256i si = eight_steps(lanes, pi), sk = eight_steps(lanes, pk);
    const __m256i li = _mm256_load_si256((const void *)pi), lk = _mm256_load_si256((const void *)pk);
    const __m256i f = join(li, _mm256_slli_epi32(lk, 16));
    const __m256i slope = join(_mm256_srli_epi32(si, 16), sk), offset = join(si, _mm256_slli_epi32(sk, 16));
    return _mm256_add_epi16(offset, _mm256_mulhi_epu16(slope, f));
}

FR_ALWAYS_INLINE signals encode(const fr_lanes *lanes, const block *b, size_t x)
{
    return (signals){
        {signals_of(lanes, b, 0, 1, x), signals_of(lanes, b, 3, 4, x)},
        signals_of(lanes, b, 2, 5, x),
    };
}

FR_ALWAYS_INLINE __m256i times(__m256i signal, int32_t factors)
{
    return _mm256_madd_epi16(signal, _mm256_set1_epi32(factors));
}

/* Codes in the upper bits but one. */
FR_ALWAYS_INLINE __m256i luma_of(const signals *s, int row, const fr_lanes_matrix *m)
{
    const __m256i rg = _mm256_add_epi32(times(s->rg[row], m->y_rg), _mm256_set1_epi32(m->luma_bias));
    return _mm256_add_epi32(rg, times(s->b, row ? m->y_b << 16 : m->y_b));
}

/* A difference of each column, a quarter of its rows' sum. */
FR_ALWAYS_INLINE __m256i difference(const signals *s, int32_t rg, int32_t b, const fr_lanes_matrix *m)
{
    const __m256i rows = _mm256_add_epi32(times(s->rg[0], rg), times(s->rg[1], rg));
    const __m256i rest = _mm256_add_epi32(times(s->b, b), _mm256_set1_epi32(m->chroma_bias));
    return _mm256_srai_epi32(_mm256_add_epi32(rows, rest), 2);
}

typedef struct differences {
    __m256i cb, cr;
} differences;

FR_ALWAYS_INLINE differences differences_of(const signals *s, const fr_lanes_matrix *m)
{
    return (differences){difference(s, m->cb_rg, m->cb_b, m), difference(s, m->cr_rg, m->cr_b, m)};
}

/* Each column and the one left of it; *last holds the eight columns before. */
FR_ALWAYS_INLINE __m256i add_left(__m256i d, __m256i *last)
{
    const __m256i between = _mm256_permute2x128_si256(*last, d, 0x21);
    *last = d;
    return _mm256_add_epi32(d, _mm256_alignr_epi8(d, between, 12));
}

/* 1 2 1 about the even columns: codes in the upper bits, Cb and Cr in turn, half the range being grey's 0. */
FR_ALWAYS_INLINE __m256i filter(differences d, differences *last)
{
    const __m256i cb = add_left(d.cb, &last->cb), cr = add_left(d.cr, &last->cr);
    const __m256i even = _mm256_blend_epi32(cb, _mm256_slli_epi64(cr, 32), 0xaa);
    const __m256i odd = _mm256_blend_epi32(_mm256_srli_epi64(cb, 32), cr, 0xaa);
    return _mm256_add_epi32(even, odd);
}

/* What one iteration stores: of eight columns a and eight columns b. */
typedef struct codes {
    __m256i luma[2][2], chroma[2]; /* [row][a or b] */
} codes;

typedef void store_fn(const fr_convert_rows *rows, size_t x, const codes *c);

/* The words of two vectors one after the other; the halves of vectors are in the order of the columns again.
 */
FR_ALWAYS_INLINE __m256i pack_words(__m256i a, __m256i b, int shift)
{
    const __m256i packed = _mm256_packus_epi32(_mm256_srli_epi32(a, shift), _mm256_srli_epi32(b, shift));
    return _mm256_permute4x64_epi64(packed, 0xd8);
}

FR_ALWAYS_INLINE void store_p010(const fr_convert_rows *rows, size_t x, const codes *c)
{
    const __m256i code = _mm256_set1_epi16((short)0xffc0), middle = _mm256_set1_epi16((short)0x8000);
    for (int row = 0; row < 2; row++)
        _mm256_storeu_si256((void *)(rows->luma[row] + 2 * x),
                            _mm256_and_si256(pack_words(c->luma[row][0], c->luma[row][1], 15), code));
    const __m256i chroma = _mm256_and_si256(pack_words(c->chroma[0], c->chroma[1], 16), code);
    _mm256_storeu_si256((void *)(rows->chroma + 2 * x), _mm256_xor_si256(chroma, middle));
}

FR_ALWAYS_INLINE void store_nv12(const fr_convert_rows *rows, size_t x, const codes *c)
{
    const __m256i first = pack_words(c->luma[0][0], c->luma[0][1], 23);
    const __m256i second = pack_words(c->luma[1][0], c->luma[1][1], 23);
    const __m256i luma = _mm256_permute4x64_epi64(_mm256_packus_epi16(first, second), 0xd8);
    _mm_storeu_si128((void *)(rows->luma[0] + x), _mm256_castsi256_si128(luma));
    _mm_storeu_si128((void *)(rows->luma[1] + x), _mm256_extracti128_si256(luma, 1));
    const __m256i words = pack_words(c->chroma[0], c->chroma[1], 24);
    const __m256i chroma = _mm256_permute4x64_epi64(_mm256_packus_epi16(words, words), 0xd8);
    _mm_storeu_si128((void *)(rows->chroma + x),
                     _mm_xor_si128(_mm256_castsi256_si128(chroma), _mm_set1_epi8((char)0x80)));
}

/* The column left of `from`, in every lane. */
FR_ALWAYS_INLINE differences left_neighbour(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                            size_t from, mapping map)
{
    __m256i pixels[2][2];
    for (int row = 0; row < 2; row++) {
        uint64_t pixel;
        memcpy(&pixel, rows->src[row] + 8 * (from ? from - 1 : 0), sizeof(pixel));
        pixels[row][0] = pixels[row][1] = _mm256_set1_epi64x((long long)pixel);
    }
    block b;
    const lights l = load_lights(tables, (const void *)pixels[0], (const void *)pixels[1], map);
    put_light(&b, 0, 0, &l.row[0]);
    put_light(&b, 1, 0, &l.row[1]);
    const signals s = encode(&tables->lanes, &b, 0);
    return differences_of(&s, &tables->lanes.matrix);
}

FR_ALWAYS_INLINE void load_block(block *b, const fr_convert_tables *tables, const fr_convert_rows *rows,
                                 size_t x, size_t count, mapping map)
{
    for (size_t i = 0; i < count; i += 8) {
        const size_t at = 8 * (x + i);
        /* The next blocks' pixels: nothing is asked of memory while this one's signals are looked up. */
        _mm_prefetch((const char *)rows->src[0] + at + AHEAD, _MM_HINT_T0);
        _mm_prefetch((const char *)rows->src[1] + at + AHEAD, _MM_HINT_T0);
        const lights l = load_lights(tables, rows->src[0] + at, rows->src[1] + at, map);
        put_light(b, 0, i, &l.row[0]);
        put_light(b, 1, i, &l.row[1]);
    }
}

FR_ALWAYS_INLINE void encode_block(const block *b, const fr_lanes *lanes, const fr_convert_rows *rows,
                                   size_t x, size_t count, differences *last, store_fn *store)
{
    const fr_lanes_matrix *const m = &lanes->matrix;
    for (size_t i = 0; i < count; i += 16) {
        codes c;
        const signals s = encode(lanes, b, i);
        c.luma[0][0] = luma_of(&s, 0, m);
        c.luma[1][0] = luma_of(&s, 1, m);
        c.chroma[0] = filter(differences_of(&s, m), last);
        const signals t = encode(lanes, b, i + 8);
        c.luma[0][1] = luma_of(&t, 0, m);
        c.luma[1][1] = luma_of(&t, 1, m);
        c.chroma[1] = filter(differences_of(&t, m), last);
        store(rows, x + i, &c);
    }
}

/* Does columns by sixteen; returns the column after them. A block's light is all there before its signals are
 * looked up: a processor looks too little ahead to do some columns' while it waits for others'. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, mapping map, store_fn *store)
{
    const size_t end = from + (rows->width - from) / 16 * 16;
    if (from == end)
        return end;
    differences last = left_neighbour(tables, rows, from, map);
    for (size_t x = from; x < end; x += BLOCK) {
        block b;
        const size_t count = end - x < BLOCK ? end - x : BLOCK;
        load_block(&b, tables, rows, x, count, map);
        encode_block(&b, &tables->lanes, rows, x, count, &last, store);
    }
    return end;
}

void convert_rgba16f_p010_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x =
        convert_blocks(tables, rows, from, (mapping){to_bt2020, to_bt2020_carefully}, store_p010);
    convert_rgba16f_p010_c(tables, rows, x);
}

void convert_rgba16f_nv12_avx2(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x =
        tables->clip
            ? convert_blocks(tables, rows, from, (mapping){clip, clip_carefully}, store_nv12)
            : convert_blocks(tables, rows, from, (mapping){map_tones, map_tones_carefully}, store_nv12);
    convert_rgba16f_nv12_c(tables, rows, x);
}
