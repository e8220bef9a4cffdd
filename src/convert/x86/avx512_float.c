/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/ahead.h"
#include "convert/x86/avx512_light.h"

/*
 * In three steps, each over all columns of a span, so that what one group of columns waits for is done while
 * others are: light, signals, codes. A component of 32 columns is one vector from the signals on.
 */
enum { BLOCK = 32, SPAN = 128, PLANES = 6 }; /* red, green and blue of the first row, and of the second */

typedef struct span {
    _Alignas(64) float light[PLANES][SPAN];
    _Alignas(64) uint16_t signal[PLANES][SPAN];
    _Alignas(64) uint32_t doubt[2][SPAN];
} span;

/* The upper words, and bytes 1 and 2, of two vectors' 32-bit lanes. */
static const uint16_t upper_words[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                         33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
static const uint8_t middle_bytes[64] = {
    1,  2,  5,  6,  9,  10, 13,  14,  17,  18,  21,  22,  25,  26,  29,  30,  33,  34,  37,  38, 41, 42,
    45, 46, 49, 50, 53, 54, 57,  58,  61,  62,  65,  66,  69,  70,  73,  74,  77,  78,  81,  82, 85, 86,
    89, 90, 93, 94, 97, 98, 101, 102, 105, 106, 109, 110, 113, 114, 117, 118, 121, 122, 125, 126};
/* The last word of a vector, and all but the last of another. */
static const uint16_t one_left[32] = {31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46,
                                      47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62};
/* The upper bytes of two vectors' words one after the other, and of their 32-bit lanes in turn. */
static const uint8_t bytes_of_words[64] = {
    1,  3,  5,  7,  9,  11, 13,  15,  17,  19,  21,  23,  25,  27,  29,  31,  33,  35,  37,  39, 41, 43,
    45, 47, 49, 51, 53, 55, 57,  59,  61,  63,  65,  67,  69,  71,  73,  75,  77,  79,  81,  83, 85, 87,
    89, 91, 93, 95, 97, 99, 101, 103, 105, 107, 109, 111, 113, 115, 117, 119, 121, 123, 125, 127};
static const uint8_t bytes_in_turn[64] = {3,  67,  7,  71,  11, 75,  15, 79,  19,  83, 23,
                                          87, 27,  91, 31,  95, 35,  99, 39,  103, 43, 107,
                                          47, 111, 51, 115, 55, 119, 59, 123, 63,  127};

FR_ALWAYS_INLINE void put_light(span *s, int row, size_t x, rgb light)
{
    _mm512_store_ps(&s->light[3 * row][x], light.r);
    _mm512_store_ps(&s->light[3 * row + 1][x], light.g);
    _mm512_store_ps(&s->light[3 * row + 2][x], light.b);
}

/* The source of a span, and what asks for what follows it: one row while light is worked out and the other
 * while signals are, so that memory always has something to do. */
typedef struct source {
    const uint8_t *row[2];
    const fr_ahead *ahead; /* NULL: asks for nothing */
    const fr_convert_rows *rows;
    size_t x; /* of the first column */
} source;

FR_ALWAYS_INLINE void ask(const source *src, int row, size_t x, size_t count)
{
    if (src->ahead)
        fr_ahead_fetch_row(src->ahead, src->rows, row, 8 * (src->x + x), 8 * count);
}

SELDOM static void clear_doubts(span *s, const fr_convert_tables *tables, const source *src, size_t count,
                                map_carefully_fn *carefully)
{
    const __m512i doubtful = _mm512_set1_epi32(DOUBTFUL);
    for (int row = 0; row < 2; row++)
        for (size_t x = 0; x < count; x += 16)
            if (_mm512_cmpge_epu32_mask(load(&s->doubt[row][x]), doubtful))
                put_light(s, row, x, carefully(tables, src->row[row] + 8 * x));
}

/* Each group's halves are loaded before the light of the one before is worked out: a processor looks too
 * little ahead. */
FR_ALWAYS_INLINE void load_span(span *s, const fr_convert_tables *tables, const source *src, size_t count,
                                mapping map)
{
    __m512i most_doubt = _mm512_setzero_si512();
    rgb next = load_halves(src->row[0]);
    for (size_t x = 0; x < count; x += 16) {
        ask(src, 0, x, 16);
        for (int row = 0; row < 2; row++) {
            const rgb halves = next;
            const size_t next_x = row == 0 ? x : x + 16 < count ? x + 16 : 0;
            next = load_halves(src->row[1 - row] + 8 * next_x);
            __m512i doubt;
            put_light(s, row, x, map.quickly(tables, halves, &doubt));
            _mm512_store_si512(&s->doubt[row][x], doubt);
            most_doubt = _mm512_max_epu32(most_doubt, doubt);
        }
    }
    if (_mm512_cmpge_epu32_mask(most_doubt, _mm512_set1_epi32(DOUBTFUL)))
        clear_doubts(s, tables, src, count, map.carefully);
}

/* Where on the curve light is: FR_LANES_BLACK included, g as in convert/lanes.h, and how far g bends. */
typedef struct place {
    __m512i index, g, bend;
} place;

FR_ALWAYS_INLINE place place_of(const float *light)
{
    const __m512i a = load(light), b = load(light + 16), fraction = _mm512_set1_epi16(FR_LANES_FRACTION);
    __m512i upper = _mm512_permutex2var_epi16(a, load(upper_words), b);
    upper = _mm512_max_epi16(upper, _mm512_set1_epi16(FR_LANES_DARKEST));
    upper = _mm512_min_epi16(upper, _mm512_set1_epi16(FR_LANES_BRIGHTEST));
    const __m512i middle = _mm512_permutex2var_epi8(a, load(middle_bytes), b);
    const __m512i g = _mm512_andnot_si512(middle, fraction);
    const __m512i raised = /* g + FR_LANES_BEND: (~a & b) | c */
        _mm512_ternarylogic_epi32(middle, fraction, _mm512_set1_epi16((short)FR_LANES_BEND), 0xae);
    return (place){_mm512_srli_epi16(upper, 6), g, _mm512_mulhi_epu16(g, raised)};
}

typedef struct curve {
    __m512i parts[FR_LANES_PARTS][2];
} curve;

FR_ALWAYS_INLINE __m512i part(const curve *c, int i, __m512i index)
{
    return _mm512_permutex2var_epi16(c->parts[i][0], index, c->parts[i][1]);
}

FR_ALWAYS_INLINE __m512i signal_at(const curve *c, place at)
{
    const __m512i more = _mm512_mulhi_epu16(at.bend, part(c, 2, at.index));
    const __m512i slope = _mm512_add_epi16(part(c, 1, at.index), more);
    return _mm512_sub_epi16(part(c, 0, at.index), _mm512_mulhi_epu16(at.g, slope));
}

FR_ALWAYS_INLINE void encode_span(span *s, const fr_lanes *lanes, const source *src, size_t count)
{
    curve c;
    for (int i = 0; i < FR_LANES_PARTS; i++) {
        c.parts[i][0] = load(lanes->parts[i]);
        c.parts[i][1] = load(lanes->parts[i] + FR_LANES_SEGMENTS / 2);
    }
    for (size_t x = 0; x < count; x += BLOCK) {
        ask(src, 1, x, BLOCK);
        for (int plane = 0; plane < PLANES; plane++)
            _mm512_store_si512(&s->signal[plane][x], signal_at(&c, place_of(&s->light[plane][x])));
    }
}

/* What one block of columns becomes: luma in the upper bits of words, differences in those of 32-bit lanes.
 */
typedef struct codes {
    __m512i luma[2], cb, cr;
} codes;

typedef void store_fn(const fr_convert_rows *rows, size_t x, const codes *c, bool stream);

FR_ALWAYS_INLINE void store_p010(const fr_convert_rows *rows, size_t x, const codes *c, bool stream)
{
    const __m512i code = _mm512_set1_epi16((short)0xffc0), middle = _mm512_set1_epi16((short)0x8000);
    for (int row = 0; row < 2; row++)
        store_avx512(rows->luma[row] + 2 * x, _mm512_and_si512(c->luma[row], code), stream);
    const __m512i both = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(c->cb, 16), c->cr);
    /* (a & b) ^ c */
    store_avx512(rows->chroma + 2 * x, _mm512_ternarylogic_epi32(both, code, middle, 0x6a), stream);
}

FR_ALWAYS_INLINE void store_nv12(const fr_convert_rows *rows, size_t x, const codes *c, bool stream)
{
    (void)stream;
    const __m512i luma = _mm512_permutex2var_epi8(c->luma[0], load(bytes_of_words), c->luma[1]);
    _mm256_storeu_si256((void *)(rows->luma[0] + x), _mm512_castsi512_si256(luma));
    _mm256_storeu_si256((void *)(rows->luma[1] + x), _mm512_extracti64x4_epi64(luma, 1));
    const __m512i chroma = _mm512_permutex2var_epi8(c->cb, load(bytes_in_turn), c->cr);
    _mm256_storeu_si256((void *)(rows->chroma + x),
                        _mm256_xor_si256(_mm512_castsi512_si256(chroma), _mm256_set1_epi8((char)0x80)));
}

/* Signals of 32 columns. */
typedef struct signals {
    __m512i r, g, b;
} signals;

FR_ALWAYS_INLINE signals load_signals(const span *s, int row, size_t x)
{
    return (signals){load(&s->signal[3 * row][x]), load(&s->signal[3 * row + 1][x]),
                     load(&s->signal[3 * row + 2][x])};
}

FR_ALWAYS_INLINE __m512i times(__m512i signal, uint16_t factor)
{
    return _mm512_mulhi_epu16(signal, _mm512_set1_epi16((short)factor));
}

FR_ALWAYS_INLINE __m512i luma_of(signals s, const fr_lanes_words *m)
{
    const __m512i rg = _mm512_add_epi16(times(s.r, m->y[0]), times(s.g, m->y[1]));
    const __m512i rest = _mm512_add_epi16(times(s.b, m->y[2]), _mm512_set1_epi16((short)m->y_bias));
    return _mm512_add_epi16(rg, rest);
}

FR_ALWAYS_INLINE signals mean_of(signals a, signals b)
{
    return (signals){_mm512_avg_epu16(a.r, b.r), _mm512_avg_epu16(a.g, b.g), _mm512_avg_epu16(a.b, b.b)};
}

FR_ALWAYS_INLINE __m512i from_left(__m512i last, __m512i a)
{
    return _mm512_permutex2var_epi16(last, load(one_left), a);
}

/* With a sign: half the range is 0. */
FR_ALWAYS_INLINE signals center(signals s)
{
    const __m512i middle = _mm512_set1_epi16((short)0x8000);
    return (signals){_mm512_xor_si512(s.r, middle), _mm512_xor_si512(s.g, middle),
                     _mm512_xor_si512(s.b, middle)};
}

/* The sum of both columns of a lane, each the mean of a column and the one left of it: 1 2 1 about the even
 * one. */
FR_ALWAYS_INLINE __m512i difference(signals s, const int16_t f[3], int32_t bias)
{
    const __m512i r = _mm512_dpwssd_epi32(_mm512_set1_epi32(bias), s.r, _mm512_set1_epi16(f[0]));
    const __m512i rg = _mm512_dpwssd_epi32(r, s.g, _mm512_set1_epi16(f[1]));
    return _mm512_dpwssd_epi32(rg, s.b, _mm512_set1_epi16(f[2]));
}

/* *last carries both rows' mean to the next block. */
FR_ALWAYS_INLINE codes codes_of(const span *s, size_t x, const fr_lanes_words *m, signals *last)
{
    const signals first = load_signals(s, 0, x), second = load_signals(s, 1, x);
    const signals rows = mean_of(first, second);
    const signals left = {from_left(last->r, rows.r), from_left(last->g, rows.g), from_left(last->b, rows.b)};
    const signals columns = center(mean_of(rows, left));
    *last = rows;
    return (codes){
        {luma_of(first, m), luma_of(second, m)},
        difference(columns, m->cb, m->chroma_bias),
        difference(columns, m->cr, m->chroma_bias),
    };
}

/* The mean of both rows' first column, in every lane. */
FR_ALWAYS_INLINE signals first_column(const span *s)
{
    const signals rows = mean_of(load_signals(s, 0, 0), load_signals(s, 1, 0));
    return (signals){
        _mm512_broadcastw_epi16(_mm512_castsi512_si128(rows.r)),
        _mm512_broadcastw_epi16(_mm512_castsi512_si128(rows.g)),
        _mm512_broadcastw_epi16(_mm512_castsi512_si128(rows.b)),
    };
}

/* The same of the column left of `from`. */
FR_ALWAYS_INLINE signals left_neighbour(span *s, const fr_convert_tables *tables, const fr_convert_rows *rows,
                                        size_t from, mapping map)
{
    __m512i pixels[2][BLOCK / 8];
    for (int row = 0; row < 2; row++) {
        uint64_t pixel;
        memcpy(&pixel, rows->src[row] + 8 * (from - 1), sizeof(pixel));
        for (int i = 0; i < BLOCK / 8; i++)
            pixels[row][i] = _mm512_set1_epi64((long long)pixel);
    }
    const source src = {.row = {(const void *)pixels[0], (const void *)pixels[1]}};
    load_span(s, tables, &src, BLOCK, map);
    encode_span(s, &tables->lanes, &src, BLOCK);
    return first_column(s);
}

/* Does whole blocks; returns the column after them. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, mapping map, store_fn *store, bool stream)
{
    const size_t end = from + (rows->width - from) / BLOCK * BLOCK;
    const fr_lanes_words m = tables->lanes.words; /* where no store can change it */
    const fr_ahead ahead = fr_ahead_init(rows, from, 8);
    span s;
    signals last = {_mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512()};
    if (from > 0 && from < end)
        last = left_neighbour(&s, tables, rows, from, map);
    for (size_t x = from; x < end; x += SPAN) {
        const size_t count = end - x < SPAN ? end - x : SPAN;
        const source src = {{rows->src[0] + 8 * x, rows->src[1] + 8 * x}, &ahead, rows, x};
        load_span(&s, tables, &src, count, map);
        encode_span(&s, &tables->lanes, &src, count);
        if (x == 0)
            last = first_column(&s);
        for (size_t i = 0; i < count; i += BLOCK) {
            const codes c = codes_of(&s, i, &m, &last);
            store(rows, x + i, &c, stream);
        }
    }
    return end;
}

void convert_rgba16f_p010_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const mapping map = {to_bt2020, to_bt2020_carefully};
    const size_t x = streams_avx512(rows, 2 * from)
                         ? convert_blocks(tables, rows, from, map, store_p010, true)
                         : convert_blocks(tables, rows, from, map, store_p010, false);
    convert_rgba16f_p010_c(tables, rows, x);
}

void convert_rgba16f_nv12_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    size_t x = from;
    if (tables->clip)
        x = convert_blocks(tables, rows, from, (mapping){clip, clip_carefully}, store_nv12, false);
    else if (tables->tone.good)
        x = convert_blocks(tables, rows, from, (mapping){map_tones, map_tones_carefully}, store_nv12, false);
    convert_rgba16f_nv12_c(tables, rows, x);
}
