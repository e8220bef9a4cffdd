/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/x86/ahead.h"
#include "convert/x86/avx512_light.h"

/* Signals of 16 columns of two rows, 16 bits each: red in the lower and green in the upper half of a lane,
 * and blue of the first row in the lower and of the second in the upper half. */
typedef struct signals {
    __m512i rg[2], b;
} signals;

/* The upper words of two vectors in turn, and bytes 1 and 2. */
static const uint16_t upper_in_turn[32] = {1,  33, 3,  35, 5,  37, 7,  39, 9,  41, 11, 43, 13, 45, 15, 47,
                                           17, 49, 19, 51, 21, 53, 23, 55, 25, 57, 27, 59, 29, 61, 31, 63};
static const uint8_t middle_in_turn[64] = {
    1,  2,  65,  66,  5,  6,  69,  70,  9,  10, 73,  74,  13, 14, 77,  78,  17,  18,  81,  82, 21,  22,
    85, 86, 25,  26,  89, 90, 29,  30,  93, 94, 33,  34,  97, 98, 37,  38,  101, 102, 41,  42, 105, 106,
    45, 46, 109, 110, 49, 50, 113, 114, 53, 54, 117, 118, 57, 58, 121, 122, 61,  62,  125, 126};
/* The upper words, and the upper bytes, of two vectors one after the other. */
static const uint16_t upper_words[32] = {1,  3,  5,  7,  9,  11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31,
                                         33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61, 63};
static const uint8_t upper_bytes[64] = {3,  7,  11, 15,  19,  23,  27,  31,  35,  39, 43,
                                        47, 51, 55, 59,  63,  67,  71,  75,  79,  83, 87,
                                        91, 95, 99, 103, 107, 111, 115, 119, 123, 127};

FR_ALWAYS_INLINE __m512i part(const constants *k, int i, __m512i index)
{
    return _mm512_permutex2var_epi16(k->parts[i][0], index, k->parts[i][1]);
}

typedef struct place {
    __m512i index, f;
} place;

/* Where on the curve a, in the lower words, and b, in the upper, are. */
FR_ALWAYS_INLINE place place_of(__m512 a, __m512 b)
{
    const __m512i ia = _mm512_castps_si512(a), ib = _mm512_castps_si512(b);
    __m512i upper = _mm512_permutex2var_epi16(ia, load(upper_in_turn), ib);
    upper = _mm512_max_epi16(upper, _mm512_set1_epi16(FR_LANES_DARKEST));
    upper = _mm512_min_epi16(upper, _mm512_set1_epi16(FR_LANES_BRIGHTEST));
    return (place){
        _mm512_srli_epi16(upper, 6),
        _mm512_and_si512(_mm512_permutex2var_epi8(ia, load(middle_in_turn), ib),
                         _mm512_set1_epi16(FR_LANES_FRACTION)),
    };
}

/* One step of the polynomial: part i less f times what is there. */
FR_ALWAYS_INLINE __m512i step(const constants *k, int i, place at, __m512i sum)
{
    return _mm512_sub_epi16(part(k, i, at.index), _mm512_mulhi_epu16(at.f, sum));
}

FR_ALWAYS_INLINE __m512i last_step(const constants *k, place at, __m512i sum)
{
    return _mm512_add_epi16(part(k, 0, at.index), _mm512_mulhi_epu16(at.f, sum));
}

/* Signals of 16 columns of two rows on their way through the polynomial: of red and green, and of both rows'
 * blue. In turns, as each alone would wait for its own results. */
typedef struct progress {
    place rg[2], b;
    __m512i rg_sum[2], b_sum;
} progress;

FR_ALWAYS_INLINE void advance(const constants *k, int i, progress *p)
{
    p->rg_sum[0] = step(k, i, p->rg[0], p->rg_sum[0]);
    p->rg_sum[1] = step(k, i, p->rg[1], p->rg_sum[1]);
    p->b_sum = step(k, i, p->b, p->b_sum);
}

FR_ALWAYS_INLINE progress begin(const constants *k, const lights *l)
{
    progress p;
    p.rg[0] = place_of(l->row[0].r, l->row[0].g);
    p.rg[1] = place_of(l->row[1].r, l->row[1].g);
    p.b = place_of(l->row[0].b, l->row[1].b);
    p.rg_sum[0] = part(k, 3, p.rg[0].index);
    p.rg_sum[1] = part(k, 3, p.rg[1].index);
    p.b_sum = part(k, 3, p.b.index);
    return p;
}

FR_ALWAYS_INLINE signals finish(const constants *k, const progress *p)
{
    return (signals){
        {last_step(k, p->rg[0], p->rg_sum[0]), last_step(k, p->rg[1], p->rg_sum[1])},
        last_step(k, p->b, p->b_sum),
    };
}

/* Odd columns of each row. */
typedef struct odd_ones {
    __mmask16 row[2];
} odd_ones;

FR_ALWAYS_INLINE void redo_odd_ones(const constants *k, lights *l, odd_ones odd, const uint8_t *const src[2],
                                    mapping map)
{
    if (!(odd.row[0] | odd.row[1]))
        return;
    lights careful = *l;
    for (int row = 0; row < 2; row++)
        if (odd.row[row])
            map.carefully(k, &careful.row[row], src[row]);
    *l = careful;
}

/* Codes in the upper bits but one. */
FR_ALWAYS_INLINE __m512i luma_of(const signals *s, int row, const fr_lanes_matrix *m)
{
    const __m512i sum =
        _mm512_dpwssd_epi32(_mm512_set1_epi32(m->luma_bias), s->rg[row], _mm512_set1_epi32(m->y_rg));
    return _mm512_dpwssd_epi32(sum, s->b, _mm512_set1_epi32(row ? m->y_b << 16 : m->y_b));
}

/* A difference of each column, a quarter of its rows' sum. */
FR_ALWAYS_INLINE __m512i difference(const signals *s, int32_t rg, int32_t b, const fr_lanes_matrix *m)
{
    const __m512i bias = _mm512_set1_epi32(m->chroma_bias), factors = _mm512_set1_epi32(rg);
    const __m512i sum = _mm512_dpwssd_epi32(_mm512_dpwssd_epi32(bias, s->rg[0], factors), s->rg[1], factors);
    return _mm512_srai_epi32(_mm512_dpwssd_epi32(sum, s->b, _mm512_set1_epi32(b)), 2);
}

typedef struct differences {
    __m512i cb, cr;
} differences;

FR_ALWAYS_INLINE differences differences_of(const signals *s, const fr_lanes_matrix *m)
{
    return (differences){difference(s, m->cb_rg, m->cb_b, m), difference(s, m->cr_rg, m->cr_b, m)};
}

/* 1 2 1 about the even columns: codes in the upper bits, Cb and Cr in turn, half the range being grey's 0.
 * *last holds the 16 columns before. */
FR_ALWAYS_INLINE __m512i filter(differences d, differences *last)
{
    const __m512i cb = _mm512_add_epi32(d.cb, _mm512_alignr_epi32(d.cb, last->cb, 15));
    const __m512i cr = _mm512_add_epi32(d.cr, _mm512_alignr_epi32(d.cr, last->cr, 15));
    *last = d;
    const __m512i even = _mm512_mask_shuffle_epi32(cb, 0xaaaa, cr, 0xa0);
    const __m512i odd = _mm512_mask_shuffle_epi32(cr, 0x5555, cb, 0xf5);
    return _mm512_add_epi32(even, odd);
}

/* What one iteration stores: of 16 columns a and 16 columns b. */
typedef struct codes {
    __m512i luma[2][2], chroma[2]; /* [row][a or b] */
} codes;

typedef void store_fn(const fr_convert_rows *rows, size_t x, const codes *c);

FR_ALWAYS_INLINE void store_p010(const fr_convert_rows *rows, size_t x, const codes *c)
{
    const __m512i code = _mm512_set1_epi16((short)0xffc0), middle = _mm512_set1_epi16((short)0x8000);
    for (int row = 0; row < 2; row++) {
        const __m512i upper = _mm512_permutex2var_epi16(c->luma[row][0], load(upper_words), c->luma[row][1]);
        const __m512i luma = _mm512_and_si512(_mm512_add_epi16(upper, upper), code);
        _mm512_storeu_si512(rows->luma[row] + 2 * x, luma);
    }
    const __m512i upper = _mm512_permutex2var_epi16(c->chroma[0], load(upper_words), c->chroma[1]);
    const __m512i chroma = _mm512_ternarylogic_epi32(upper, code, middle, 0x6a); /* (a & b) ^ c */
    _mm512_storeu_si512(rows->chroma + 2 * x, chroma);
}

FR_ALWAYS_INLINE void store_nv12(const fr_convert_rows *rows, size_t x, const codes *c)
{
    const __m512i bytes = load(upper_bytes);
    for (int row = 0; row < 2; row++) {
        const __m512i a = _mm512_add_epi32(c->luma[row][0], c->luma[row][0]);
        const __m512i b = _mm512_add_epi32(c->luma[row][1], c->luma[row][1]);
        _mm256_storeu_si256((void *)(rows->luma[row] + x),
                            _mm512_castsi512_si256(_mm512_permutex2var_epi8(a, bytes, b)));
    }
    const __m512i chroma = _mm512_permutex2var_epi8(c->chroma[0], bytes, c->chroma[1]);
    _mm256_storeu_si256((void *)(rows->chroma + x),
                        _mm256_xor_si256(_mm512_castsi512_si256(chroma), _mm256_set1_epi8((char)0x80)));
}

FR_ALWAYS_INLINE lights load_lights(const constants *k, const uint8_t *const src[2], mapping map)
{
    odd_ones odd = {{0, 0}};
    lights l;
    l.row[0] = map.quickly(k, load_halves(src[0]), &odd.row[0]);
    l.row[1] = map.quickly(k, load_halves(src[1]), &odd.row[1]);
    redo_odd_ones(k, &l, odd, src, map);
    return l;
}

/* The column left of `from`, in every lane. */
FR_ALWAYS_INLINE differences left_neighbour(const constants *k, const fr_convert_rows *rows, size_t from,
                                            mapping map)
{
    __m512i pixels[2][2];
    for (int row = 0; row < 2; row++) {
        uint64_t pixel;
        memcpy(&pixel, rows->src[row] + 8 * (from ? from - 1 : 0), sizeof(pixel));
        pixels[row][0] = pixels[row][1] = _mm512_set1_epi64((long long)pixel);
    }
    const uint8_t *const src[2] = {(const void *)pixels[0], (const void *)pixels[1]};
    const lights l = load_lights(k, src, map);
    progress p = begin(k, &l);
    advance(k, 2, &p);
    advance(k, 1, &p);
    const signals s = finish(k, &p);
    return differences_of(&s, k->matrix);
}

/* Encodes the light of 16 columns and loads that of the next ones at the same time, step by step: a processor
 * looks too little ahead to do some columns' while it waits for others'. */
FR_ALWAYS_INLINE lights encode(const constants *k, const lights *l, codes *c, int half, differences *last,
                               const uint8_t *const next_src[2], mapping map)
{
    odd_ones odd = {{0, 0}};
    lights next;
    const rgb first = load_halves(next_src[0]);
    progress p = begin(k, l);
    const rgb second = load_halves(next_src[1]);
    advance(k, 2, &p);
    next.row[0] = map.quickly(k, first, &odd.row[0]);
    advance(k, 1, &p);
    next.row[1] = map.quickly(k, second, &odd.row[1]);
    const signals s = finish(k, &p);
    redo_odd_ones(k, &next, odd, next_src, map);

    c->luma[0][half] = luma_of(&s, 0, k->matrix);
    c->luma[1][half] = luma_of(&s, 1, k->matrix);
    c->chroma[half] = filter(differences_of(&s, k->matrix), last);
    return next;
}

enum { BLOCK = 32 };

/* Does whole blocks; returns the column after them. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, mapping map, store_fn *store)
{
    size_t x = from;
    if (x + BLOCK > rows->width)
        return x;
    constants k = {.matrix = &tables->lanes.matrix, .tables = tables};
    for (int i = 0; i < FR_LANES_PARTS; i++) {
        k.parts[i][0] = load(tables->lanes.parts[i]);
        k.parts[i][1] = load(tables->lanes.parts[i] + FR_LANES_SEGMENTS / 2);
    }
    differences last = left_neighbour(&k, rows, from, map);
    const uint8_t *src[2] = {rows->src[0] + 8 * x, rows->src[1] + 8 * x};
    lights a = load_lights(&k, src, map);
    const fr_ahead ahead = fr_ahead_init(rows, from, 8);
    for (; x + BLOCK <= rows->width; x += BLOCK) {
        codes c;
        fr_ahead_fetch(&ahead, rows, 8 * x, 8 * BLOCK);
        const uint8_t *const half[2] = {src[0] + 128, src[1] + 128};
        const lights b = encode(&k, &a, &c, 0, &last, half, map);
        /* There may be no next block; then this one's light is loaded again. */
        const size_t next = x + 2 * BLOCK <= rows->width ? 8 * BLOCK : 0;
        src[0] += next;
        src[1] += next;
        a = encode(&k, &b, &c, 1, &last, src, map);
        store(rows, x, &c);
    }
    return x;
}

void convert_rgba16f_p010_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    convert_rgba16f_p010_c(
        tables, rows,
        convert_blocks(tables, rows, from, (mapping){to_bt2020, to_bt2020_carefully}, store_p010));
}

void convert_rgba16f_nv12_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    size_t x = from;
    if (tables->clip)
        x = convert_blocks(tables, rows, from, (mapping){clip, clip_carefully}, store_nv12);
    else if (tables->tone.good)
        x = convert_blocks(tables, rows, from, (mapping){map_tones, map_tones_carefully}, store_nv12);
    convert_rgba16f_nv12_c(tables, rows, x);
}
