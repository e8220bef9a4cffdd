/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/half.h"
#include "convert/rgba16f_p010.h"
#include "convert/x86/avx512.h"

/* Out of the way of what is always run. */
#if defined(__GNUC__)
#define SELDOM __attribute__((noinline, cold))
#else
#define SELDOM
#endif

/* 16 columns. */
typedef struct rgb {
    __m512 r, g, b;
} rgb;

/* Light of 16 columns of two rows. */
typedef struct lights {
    rgb row[2];
} lights;

/* Signals of 16 columns of two rows, 16 bits each: red in the lower and green in the upper half of a lane,
 * and blue of the first row in the lower and of the second in the upper half. */
typedef struct signals {
    __m512i rg[2], b;
} signals;

/* A converter's tables, where they are fast to reach. */
typedef struct constants {
    __m512i parts[FR_LANES_PARTS][2];
    const fr_lanes_matrix *matrix;
    const fr_convert_tables *tables;
} constants;

/* Words of two vectors: red and green, and blue, of 16 pixels. */
static const uint16_t red_green[32] = {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60,
                                       1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45, 49, 53, 57, 61};
static const uint16_t blue[32] = {2, 6, 10, 14, 18, 22, 26, 30, 34, 38, 42, 46, 50, 54, 58, 62};
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

FR_ALWAYS_INLINE __m512i load(const void *p)
{
    return _mm512_loadu_si512(p);
}

FR_ALWAYS_INLINE rgb load_halves(const uint8_t *p)
{
    const __m512i a = load(p), b = load(p + 64);
    const __m512i rg = _mm512_permutex2var_epi16(a, load(red_green), b);
    const __m512i blues = _mm512_permutex2var_epi16(a, load(blue), b);
    return (rgb){
        _mm512_cvtph_ps(_mm512_castsi512_si256(rg)),
        _mm512_cvtph_ps(_mm512_extracti64x4_epi64(rg, 1)),
        _mm512_cvtph_ps(_mm512_castsi512_si256(blues)),
    };
}

/* NaN and -Inf to 0, +Inf to FR_SCRGB_MAX. */
FR_ALWAYS_INLINE __m512 make_finite(__m512 x)
{
    const __mmask16 odd = _mm512_fpclass_ps_mask(x, 0x01 | 0x80 | 0x10); /* NaN, -Inf */
    const __mmask16 infinite = _mm512_fpclass_ps_mask(x, 0x08);
    return _mm512_mask_mov_ps(_mm512_maskz_mov_ps((__mmask16)~odd, x), infinite,
                              _mm512_set1_ps(FR_SCRGB_MAX));
}

FR_ALWAYS_INLINE rgb finite_rgb(rgb c)
{
    return (rgb){make_finite(c.r), make_finite(c.g), make_finite(c.b)};
}

FR_ALWAYS_INLINE __m512 weigh_exactly(rgb c, const double m[3])
{
    __m256 half[2];
    for (int i = 0; i < 2; i++) {
        const __m512d r = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.r, 1) : _mm512_castps512_ps256(c.r));
        const __m512d g = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.g, 1) : _mm512_castps512_ps256(c.g));
        const __m512d b = _mm512_cvtps_pd(i ? _mm512_extractf32x8_ps(c.b, 1) : _mm512_castps512_ps256(c.b));
        const __m512d black = _mm512_set1_pd((double)FR_LANES_BLACK);
        const __m512d sum =
            _mm512_fmadd_pd(g, _mm512_set1_pd(m[1]), _mm512_fmadd_pd(b, _mm512_set1_pd(m[2]), black));
        half[i] = _mm512_cvtpd_ps(_mm512_fmadd_pd(r, _mm512_set1_pd(m[0]), sum));
    }
    return _mm512_insertf32x8(_mm512_castps256_ps512(half[0]), half[1], 1);
}

/* The lines of the change of primaries sum to 1, so that they can be applied to differences from green: greys
 * come out as greys. */
FR_ALWAYS_INLINE __m512 weigh(__m512 red, __m512 green, __m512 blues, const double m[3])
{
    return _mm512_fmadd_ps(red, _mm512_set1_ps((float)m[0]),
                           _mm512_fmadd_ps(blues, _mm512_set1_ps((float)m[2]), green));
}

enum { LARGEST = 0xb, SMALLEST = 0xa }; /* of two magnitudes, for vrangeps */

/* Light with FR_LANES_BLACK added; may be negative. */
FR_ALWAYS_INLINE rgb to_bt2020(const constants *k, rgb c, __mmask16 *odd)
{
    (void)k;
    const __m512 red = _mm512_sub_ps(c.r, c.g), blues = _mm512_sub_ps(c.b, c.g);
    const __m512 green =
        _mm512_fmadd_ps(c.g, _mm512_set1_ps((float)FR_SCRGB_UNIT), _mm512_set1_ps(FR_LANES_BLACK));
    rgb light = {
        weigh(red, green, blues, fr_scrgb_to_bt2020[0]),
        weigh(red, green, blues, fr_scrgb_to_bt2020[1]),
        weigh(red, green, blues, fr_scrgb_to_bt2020[2]),
    };
    /* Where components of opposite sign leave less than a 1024th, or a component is no number. */
    const __m512 least = _mm512_range_ps(_mm512_range_ps(light.r, light.g, SMALLEST), light.b, SMALLEST);
    const __m512 most = _mm512_range_ps(_mm512_range_ps(c.r, c.g, LARGEST), c.b, LARGEST);
    const __m512 enough = _mm512_mul_ps(most, _mm512_set1_ps((float)(FR_SCRGB_UNIT / 1024)));
    *odd |= _mm512_cmp_ps_mask(least, enough, _CMP_NGT_UQ);
    return light;
}

/* In double precision, as in the C kernel. Out of the way: it is seldom run. */
SELDOM static void load_bt2020_exactly(const constants *k, rgb *light, const uint8_t *p)
{
    (void)k;
    const rgb c = finite_rgb(load_halves(p));
    light->r = weigh_exactly(c, fr_scrgb_to_bt2020[0]);
    light->g = weigh_exactly(c, fr_scrgb_to_bt2020[1]);
    light->b = weigh_exactly(c, fr_scrgb_to_bt2020[2]);
}

/* NaN is 0; what is above 1 is left to the curve. */
FR_ALWAYS_INLINE __m512 at_least_black(__m512 x)
{
    return _mm512_max_ps(x, _mm512_set1_ps(FR_LANES_BLACK));
}

FR_ALWAYS_INLINE rgb clip(const constants *k, rgb c, __mmask16 *odd)
{
    (void)k;
    (void)odd;
    const __m512 black = _mm512_set1_ps(FR_LANES_BLACK);
    return (rgb){
        at_least_black(_mm512_add_ps(c.r, black)),
        at_least_black(_mm512_add_ps(c.g, black)),
        at_least_black(_mm512_add_ps(c.b, black)),
    };
}

static void clip_carefully(const constants *k, rgb *light, const uint8_t *p)
{
    __mmask16 odd;
    *light = clip(k, load_halves(p), &odd);
}

FR_ALWAYS_INLINE __m512 tone_part(const fr_tone_lanes *t, int i, __m512i index)
{
    return _mm512_permutex2var_ps(_mm512_loadu_ps(t->parts[i]), index, _mm512_loadu_ps(t->parts[i] + 16));
}

FR_ALWAYS_INLINE __m512 gain_of(const fr_tone_lanes *t, __m512 largest)
{
    const __m512 x = _mm512_max_ps(largest, _mm512_set1_ps(t->lowest));
    const __m512 at =
        _mm512_mul_ps(_mm512_min_ps(x, _mm512_set1_ps(t->highest)), _mm512_set1_ps(t->inverse_lowest));
    const __m512i index = _mm512_srl_epi32(_mm512_castps_si512(at), _mm_cvtsi32_si128(t->shift));
    __m512 mapped = _mm512_fmadd_ps(tone_part(t, 3, index), at, tone_part(t, 2, index));
    mapped = _mm512_fmadd_ps(mapped, at, tone_part(t, 1, index));
    mapped = _mm512_fmadd_ps(mapped, at, tone_part(t, 0, index));
    const __m512 near = _mm512_rcp14_ps(x);
    const __m512 rest = _mm512_fnmadd_ps(x, near, _mm512_set1_ps(2));
    return _mm512_mul_ps(mapped, _mm512_mul_ps(near, rest));
}

FR_ALWAYS_INLINE rgb map_tones(const constants *k, rgb c, __mmask16 *odd)
{
    /* The second operand is taken where the first is NaN. */
    const __m512 largest = _mm512_max_ps(c.b, _mm512_max_ps(c.g, _mm512_max_ps(c.r, _mm512_setzero_ps())));
    *odd |= _mm512_cmp_ps_mask(largest, _mm512_set1_ps(65504), _CMP_GT_OQ); /* infinite */
    const __m512 gain = gain_of(&k->tables->tone, largest), black = _mm512_set1_ps(FR_LANES_BLACK);
    return (rgb){
        at_least_black(_mm512_fmadd_ps(c.r, gain, black)),
        at_least_black(_mm512_fmadd_ps(c.g, gain, black)),
        at_least_black(_mm512_fmadd_ps(c.b, gain, black)),
    };
}

SELDOM static void map_tones_carefully(const constants *k, rgb *light, const uint8_t *p)
{
    __mmask16 odd;
    *light = map_tones(k, finite_rgb(load_halves(p)), &odd);
}

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

/* In turns: one alone would wait for each of its own results. */
FR_ALWAYS_INLINE signals join(const constants *k, lights l)
{
    const rgb first = l.row[0], second = l.row[1];
    const place x = place_of(first.r, first.g), y = place_of(second.r, second.g),
                z = place_of(first.b, second.b);
    __m512i sx = part(k, 3, x.index), sy = part(k, 3, y.index), sz = part(k, 3, z.index);
    sx = step(k, 2, x, sx);
    sy = step(k, 2, y, sy);
    sz = step(k, 2, z, sz);
    sx = step(k, 1, x, sx);
    sy = step(k, 1, y, sy);
    sz = step(k, 1, z, sz);
    return (signals){{last_step(k, x, sx), last_step(k, y, sy)}, last_step(k, z, sz)};
}

/* Light of 16 pixels; *odd is set where that has to be done again, carefully. */
typedef rgb load_fn(const constants *k, rgb halves, __mmask16 *odd);
typedef void load_carefully_fn(const constants *k, rgb *light, const uint8_t *p);

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

FR_ALWAYS_INLINE lights load_lights(const constants *k, const uint8_t *first, const uint8_t *second,
                                    load_fn *load_light, load_carefully_fn *load_carefully)
{
    __mmask16 odd = 0;
    const rgb a = load_light(k, load_halves(first), &odd), b = load_light(k, load_halves(second), &odd);
    lights l = {{a, b}};
    if (odd) {
        lights careful;
        load_carefully(k, &careful.row[0], first);
        load_carefully(k, &careful.row[1], second);
        l = careful;
    }
    return l;
}

/* The column left of `from`, in every lane. */
FR_ALWAYS_INLINE differences left_neighbour(const constants *k, const fr_convert_rows *rows, size_t from,
                                            load_fn *load_light, load_carefully_fn *load_carefully)
{
    __m512i pixels[2][2];
    for (int row = 0; row < 2; row++) {
        uint64_t pixel;
        memcpy(&pixel, rows->src[row] + 8 * (from ? from - 1 : 0), sizeof(pixel));
        pixels[row][0] = pixels[row][1] = _mm512_set1_epi64((long long)pixel);
    }
    const lights l =
        load_lights(k, (const void *)pixels[0], (const void *)pixels[1], load_light, load_carefully);
    const signals s = join(k, l);
    return differences_of(&s, k->matrix);
}

enum { BLOCK = 32 };

FR_ALWAYS_INLINE lights encode(const constants *k, lights l, codes *c, int half, differences *last,
                               const uint8_t *next_first, const uint8_t *next_second, load_fn *load_light,
                               load_carefully_fn *load_carefully)
{
    const rgb first = l.row[0], second = l.row[1];
    __mmask16 odd = 0;
    lights next;
    const rgb h0 = load_halves(next_first);
    const place x = place_of(first.r, first.g), y = place_of(second.r, second.g),
                z = place_of(first.b, second.b);
    const rgb h1 = load_halves(next_second);
    __m512i sx = part(k, 3, x.index), sy = part(k, 3, y.index), sz = part(k, 3, z.index);
    sx = step(k, 2, x, sx);
    sy = step(k, 2, y, sy);
    sz = step(k, 2, z, sz);
    next.row[0] = load_light(k, h0, &odd);
    sx = step(k, 1, x, sx);
    sy = step(k, 1, y, sy);
    sz = step(k, 1, z, sz);
    next.row[1] = load_light(k, h1, &odd);
    const signals s = (signals){{last_step(k, x, sx), last_step(k, y, sy)}, last_step(k, z, sz)};
    if (odd) {
        lights careful;
        load_carefully(k, &careful.row[0], next_first);
        load_carefully(k, &careful.row[1], next_second);
        next = careful;
    }
    c->luma[0][half] = luma_of(&s, 0, k->matrix);
    c->luma[1][half] = luma_of(&s, 1, k->matrix);
    c->chroma[half] = filter(differences_of(&s, k->matrix), last);
    return next;
}

/* Does whole blocks; returns the column after them. The next columns are loaded before those at hand are
 * encoded: a processor does not look far enough ahead to do both at once if one came after the other. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, load_fn *load_light, load_carefully_fn *load_carefully,
                                       store_fn *store)
{
    size_t x = from;
    if (x + BLOCK > rows->width)
        return x;
    constants k = {.matrix = &tables->lanes.matrix, .tables = tables};
    for (int i = 0; i < FR_LANES_PARTS; i++) {
        k.parts[i][0] = load(tables->lanes.parts[i]);
        k.parts[i][1] = load(tables->lanes.parts[i] + FR_LANES_SEGMENTS / 2);
    }
    differences last = left_neighbour(&k, rows, from, load_light, load_carefully);
    const uint8_t *first = rows->src[0] + 8 * x, *second = rows->src[1] + 8 * x;
    lights a = load_lights(&k, first, second, load_light, load_carefully);
    for (; x + BLOCK <= rows->width; x += BLOCK) {
        codes c;
        const lights b = encode(&k, a, &c, 0, &last, first + 128, second + 128, load_light, load_carefully);
        /* There may be no next block; then this one's are loaded again. */
        const size_t next = x + 2 * BLOCK <= rows->width ? 8 * BLOCK : 0;
        first += next;
        second += next;
        a = encode(&k, b, &c, 1, &last, first, second, load_light, load_carefully);
        store(rows, x, &c);
    }
    return x;
}

void convert_rgba16f_p010_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    convert_rgba16f_p010_c(tables, rows,
                           convert_blocks(tables, rows, from, to_bt2020, load_bt2020_exactly, store_p010));
}

void convert_rgba16f_nv12_avx512(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    size_t x = from;
    if (tables->clip)
        x = convert_blocks(tables, rows, from, clip, clip_carefully, store_nv12);
    else if (tables->tone.good)
        x = convert_blocks(tables, rows, from, map_tones, map_tones_carefully, store_nv12);
    convert_rgba16f_nv12_c(tables, rows, x);
}
