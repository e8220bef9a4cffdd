/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_FLOAT4_H
#define FR_CONVERT_FLOAT4_H

/*
 * The kernels of RGBA16F for instruction sets with vectors of four floats and no table in registers. A file
 * of a set defines what is named below and then includes this, which defines fr_float4_p010 and
 * fr_float4_nv12. Eight columns at a time, as two vectors of four.
 *
 *   f4, i4                              four floats; four lanes of 32 bits or eight of 16
 *   rgb                                 f4 r, g, b
 *   f4_load_halves(p, &odd)             four pixels; a lane of odd gets all bits where a component is no
 * number, unless that comes out as no number f4_load, f4_store, f4_set           with floats f4_add, f4_sub,
 * f4_mul              f4_fma(a, b, c) is a b + c, f4_abs(a) f4_min, f4_max                      b where a is
 * NaN f4_not_above(a, b)                  lanes of all bits where not a > b f4_bits(a), i4_any(a) i4_load,
 * i4_store, i4_set, i4_set16, i4_add, i4_add16, i4_and, i4_or, i4_xor i4_left, i4_right, i4_right_signed
 * shifts of 32 bits by a constant i4_up64, i4_down64                  shifts of 64 bits by 32 i4_join(a, b)
 * lower halves of a's lanes, upper ones of b's i4_join64(a, b)                     even lanes of a, odd ones
 * of b i4_mulhi(a, b)                      upper halves of products of 16 bits without sign i4_madd(a, b)
 * sums of two products of 16 bits with a sign i4_shift_in(a, last)                lane 3 of last and lanes
 * 0..2 of a i4_pack(a, b)                       eight lanes of 16 bits from lanes of 0..65535
 *   i4_store_bytes(p, a)                eight lanes of 16 bits as bytes
 */

#include "convert/half.h"
#include "convert/kernel.h"
#include "convert/rgba16f_p010.h"

/* Four columns of two rows. */
typedef struct lights {
    rgb row[2];
} lights;

/* Signals of those, 16 bits each: red in the lower and green in the upper half of a lane, and blue of the
 * first row in the lower and of the second in the upper half. */
typedef struct signals {
    i4 rg[2], b;
} signals;

typedef rgb map_fn(const fr_convert_tables *tables, rgb halves, i4 *odd);
/* The same of components that may be no numbers, or cancel. */
typedef void map_carefully_fn(const fr_convert_tables *tables, rgb *light, const float halves[3][4]);

static inline f4 weigh(f4 red, f4 green, f4 blue, const double m[3])
{
    return f4_fma(red, f4_set((float)m[0]), f4_fma(blue, f4_set((float)m[2]), green));
}

/* Light with FR_LANES_BLACK added; may be negative. The lines of the change of primaries sum to 1, so that
 * they can be applied to differences from green: greys come out as greys. *odd: components of opposite sign
 * leave less than a 512th of the most, or one is no number. */
static inline rgb to_bt2020(const fr_convert_tables *tables, rgb c, i4 *odd)
{
    (void)tables;
    const f4 red = f4_sub(c.r, c.g), blue = f4_sub(c.b, c.g);
    const f4 green = f4_fma(c.g, f4_set((float)FR_SCRGB_UNIT), f4_set(FR_LANES_BLACK));
    const rgb light = {
        weigh(red, green, blue, fr_scrgb_to_bt2020[0]),
        weigh(red, green, blue, fr_scrgb_to_bt2020[1]),
        weigh(red, green, blue, fr_scrgb_to_bt2020[2]),
    };
    const f4 r = f4_abs(light.r), g = f4_abs(light.g), b = f4_abs(light.b);
    const f4 enough = f4_mul(f4_max(f4_max(r, g), b), f4_set(1.0f / 512));
    *odd = i4_or(*odd, f4_not_above(f4_min(f4_min(r, g), b), enough));
    return light;
}

static void to_bt2020_carefully(const fr_convert_tables *tables, rgb *light, const float halves[3][4])
{
    (void)tables;
    float out[3][4];
    for (int k = 0; k < 3; k++) {
        const double *const m = fr_scrgb_to_bt2020[k];
        for (int i = 0; i < 4; i++)
            out[k][i] = (float)(m[0] * (double)halves[0][i] + m[1] * (double)halves[1][i] +
                                m[2] * (double)halves[2][i] + (double)FR_LANES_BLACK);
    }
    *light = (rgb){f4_load(out[0]), f4_load(out[1]), f4_load(out[2])};
}

static inline rgb clip(const fr_convert_tables *tables, rgb c, i4 *odd)
{
    (void)tables;
    (void)odd;
    const f4 black = f4_set(FR_LANES_BLACK);
    return (rgb){f4_add(c.r, black), f4_add(c.g, black), f4_add(c.b, black)};
}

static void clip_carefully(const fr_convert_tables *tables, rgb *light, const float halves[3][4])
{
    i4 odd = i4_set(0);
    *light = clip(tables, (rgb){f4_load(halves[0]), f4_load(halves[1]), f4_load(halves[2])}, &odd);
}

static inline rgb map_tones(const fr_convert_tables *tables, rgb c, i4 *odd)
{
    const f4 largest = f4_max(c.b, f4_max(c.g, f4_max(c.r, f4_set(0)))), most = f4_set(65504);
    *odd = i4_or(*odd, f4_not_above(f4_set(65536), largest)); /* infinite */
    float gains[4];
    f4_store(gains, f4_min(largest, most));
    for (int i = 0; i < 4; i++)
        gains[i] = fr_curve_at(&tables->gain, gains[i]);
    const f4 gain = f4_load(gains), black = f4_set(FR_LANES_BLACK);
    return (rgb){f4_fma(c.r, gain, black), f4_fma(c.g, gain, black), f4_fma(c.b, gain, black)};
}

static void map_tones_carefully(const fr_convert_tables *tables, rgb *light, const float halves[3][4])
{
    i4 odd = i4_set(0);
    *light = map_tones(tables, (rgb){f4_load(halves[0]), f4_load(halves[1]), f4_load(halves[2])}, &odd);
}

static inline void redo(const fr_convert_tables *tables, rgb *light, const uint8_t *p,
                        map_carefully_fn *map_carefully)
{
    float halves[3][4];
    for (int i = 0; i < 4; i++) {
        uint16_t pixel[4];
        memcpy(pixel, p + 8 * i, sizeof(pixel));
        for (int k = 0; k < 3; k++)
            halves[k][i] = fr_scrgb_from_half(pixel[k]);
    }
    map_carefully(tables, light, (const float(*)[4])halves);
}

FR_ALWAYS_INLINE lights load_lights(const fr_convert_tables *tables, const uint8_t *first,
                                    const uint8_t *second, map_fn *map, map_carefully_fn *map_carefully)
{
    i4 odd = i4_set(0);
    const rgb c0 = f4_load_halves(first, &odd), c1 = f4_load_halves(second, &odd);
    const rgb a = map(tables, c0, &odd), b = map(tables, c1, &odd);
    lights l = {{a, b}};
    if (i4_any(odd)) {
        lights careful;
        redo(tables, &careful.row[0], first, map_carefully);
        redo(tables, &careful.row[1], second, map_carefully);
        l = careful;
    }
    return l;
}

static inline i4 steps_of(const fr_lanes *lanes, i4 light)
{
    uint32_t at[4];
    i4_store(at, i4_right(light, 16));
    for (int i = 0; i < 4; i++)
        memcpy(&at[i], &lanes->steps[at[i] - FR_LANES_DARKEST], sizeof(at[i]));
    return i4_load(at);
}

/* NaN is black. */
static inline i4 clamp(f4 light)
{
    return f4_bits(f4_min(f4_max(light, f4_set(FR_LANES_BLACK)), f4_set(1)));
}

/* Of a in the lower and b in the upper halves of lanes. */
static inline i4 signals_of(const fr_lanes *lanes, f4 a, f4 b)
{
    const i4 ia = clamp(a), ib = clamp(b);
    const i4 sa = steps_of(lanes, ia), sb = steps_of(lanes, ib);
    const i4 f = i4_join(ia, i4_left(ib, 16));
    const i4 slope = i4_join(i4_right(sa, 16), sb), offset = i4_join(sa, i4_left(sb, 16));
    return i4_add16(offset, i4_mulhi(slope, f));
}

static inline signals encode(const fr_lanes *lanes, lights l)
{
    return (signals){
        {signals_of(lanes, l.row[0].r, l.row[0].g), signals_of(lanes, l.row[1].r, l.row[1].g)},
        signals_of(lanes, l.row[0].b, l.row[1].b),
    };
}

/* Codes in the upper bits but one. */
static inline i4 luma_of(const signals *s, int row, const fr_lanes_matrix *m)
{
    const i4 rg = i4_add(i4_madd(s->rg[row], i4_set(m->y_rg)), i4_set(m->luma_bias));
    return i4_add(rg, i4_madd(s->b, i4_set(row ? m->y_b << 16 : m->y_b)));
}

/* A difference of each column, a quarter of its rows' sum. */
static inline i4 difference(const signals *s, int32_t rg, int32_t b, const fr_lanes_matrix *m)
{
    const i4 rows = i4_add(i4_madd(s->rg[0], i4_set(rg)), i4_madd(s->rg[1], i4_set(rg)));
    const i4 rest = i4_add(i4_madd(s->b, i4_set(b)), i4_set(m->chroma_bias));
    return i4_right_signed(i4_add(rows, rest), 2);
}

typedef struct differences {
    i4 cb, cr;
} differences;

static inline differences differences_of(const signals *s, const fr_lanes_matrix *m)
{
    return (differences){difference(s, m->cb_rg, m->cb_b, m), difference(s, m->cr_rg, m->cr_b, m)};
}

/* 1 2 1 about the even columns: codes in the upper bits, Cb and Cr in turn, half the range being grey's 0.
 * *last holds the four columns before. */
static inline i4 filter(differences d, differences *last)
{
    const i4 cb = i4_add(d.cb, i4_shift_in(d.cb, last->cb)), cr = i4_add(d.cr, i4_shift_in(d.cr, last->cr));
    *last = d;
    return i4_add(i4_join64(cb, i4_up64(cr)), i4_join64(i4_down64(cb), cr));
}

/* What one iteration stores: of four columns a and four columns b. */
typedef struct codes {
    i4 luma[2][2], chroma[2]; /* [row][a or b] */
} codes;

typedef void store_fn(const fr_convert_rows *rows, size_t x, const codes *c);

static inline void store_p010(const fr_convert_rows *rows, size_t x, const codes *c)
{
    const i4 code = i4_set16(0xffc0);
    for (int row = 0; row < 2; row++) {
        const i4 luma = i4_pack(i4_right(c->luma[row][0], 15), i4_right(c->luma[row][1], 15));
        i4_store(rows->luma[row] + 2 * x, i4_and(luma, code));
    }
    const i4 chroma = i4_and(i4_pack(i4_right(c->chroma[0], 16), i4_right(c->chroma[1], 16)), code);
    i4_store(rows->chroma + 2 * x, i4_xor(chroma, i4_set16(0x8000)));
}

static inline void store_nv12(const fr_convert_rows *rows, size_t x, const codes *c)
{
    for (int row = 0; row < 2; row++)
        i4_store_bytes(rows->luma[row] + x,
                       i4_pack(i4_right(c->luma[row][0], 23), i4_right(c->luma[row][1], 23)));
    const i4 chroma = i4_pack(i4_right(c->chroma[0], 24), i4_right(c->chroma[1], 24));
    i4_store_bytes(rows->chroma + x, i4_xor(chroma, i4_set16(0x80)));
}

/* The column left of `from`, in every lane. */
FR_ALWAYS_INLINE differences left_neighbour(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                            size_t from, map_fn *map, map_carefully_fn *map_carefully)
{
    uint64_t pixels[2][4];
    for (int row = 0; row < 2; row++) {
        memcpy(&pixels[row][0], rows->src[row] + 8 * (from ? from - 1 : 0), sizeof(pixels[row][0]));
        pixels[row][1] = pixels[row][2] = pixels[row][3] = pixels[row][0];
    }
    const signals s = encode(&tables->lanes, load_lights(tables, (const void *)pixels[0],
                                                         (const void *)pixels[1], map, map_carefully));
    return differences_of(&s, &tables->lanes.matrix);
}

enum { BLOCK = 8 };

/* Does whole blocks; returns the column after them. */
FR_ALWAYS_INLINE size_t convert_blocks(const fr_convert_tables *tables, const fr_convert_rows *rows,
                                       size_t from, map_fn *map, map_carefully_fn *map_carefully,
                                       store_fn *store)
{
    size_t x = from;
    if (x + BLOCK > rows->width)
        return x;
    const fr_lanes_matrix *const m = &tables->lanes.matrix;
    differences last = left_neighbour(tables, rows, from, map, map_carefully);
    for (; x + BLOCK <= rows->width; x += BLOCK) {
        codes c;
        for (int i = 0; i < 2; i++) {
            const size_t at = 8 * x + 32 * (size_t)i;
            const lights l = load_lights(tables, rows->src[0] + at, rows->src[1] + at, map, map_carefully);
            const signals s = encode(&tables->lanes, l);
            c.luma[0][i] = luma_of(&s, 0, m);
            c.luma[1][i] = luma_of(&s, 1, m);
            c.chroma[i] = filter(differences_of(&s, m), &last);
        }
        store(rows, x, &c);
    }
    return x;
}

static inline void fr_float4_p010(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = convert_blocks(tables, rows, from, to_bt2020, to_bt2020_carefully, store_p010);
    convert_rgba16f_p010_c(tables, rows, x);
}

static inline void fr_float4_nv12(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from)
{
    const size_t x = tables->clip
                         ? convert_blocks(tables, rows, from, clip, clip_carefully, store_nv12)
                         : convert_blocks(tables, rows, from, map_tones, map_tones_carefully, store_nv12);
    convert_rgba16f_nv12_c(tables, rows, x);
}

#endif
