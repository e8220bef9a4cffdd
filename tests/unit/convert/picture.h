/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef CONVERT_PICTURE_H
#define CONVERT_PICTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <framering/convert.h>

/* A pair of formats as the tests see it. */
typedef struct pair {
    fr_convert_params params; /* without size and mask */
    const char *kernel;       /* the kernel's name without the instruction set */
    bool integer;             /* every kernel gives the same codes */
    double error;             /* how far before rounding a code may be from the exact one */
} pair;

extern const pair pairs[];
extern const size_t num_pairs;

typedef struct instruction_set {
    uint32_t flag;
    const char *name; /* as kernels' names end */
} instruction_set;

/* From the weakest to the strongest. */
extern const instruction_set instruction_sets[];
extern const size_t num_instruction_sets;

/* The nth set of instruction sets to run under, as a mask: none, then each of the machine's alone, then all;
 * false after the last. */
bool nth_mask(size_t n, uint32_t *mask);

/* A reproducible random number. */
uint32_t random_next(uint64_t *state);

/* Tightly packed codes, as numbers: 8-bit or 10-bit. */
typedef struct codes {
    size_t num_luma, num_chroma;
    uint16_t *luma, *chroma;
} codes;

/* Converts a tightly packed source; free with codes_free. For P010 the six lowest bits are asserted to be
 * 0. */
codes convert_packed(const fr_convert_params *params, const void *src);
void codes_free(codes *c);

typedef struct statistics {
    size_t num, num_equal;
    double largest; /* |code - exact| */
} statistics;

/* Asserts that each code is at most 0.5 + error from the exact one (so at most one code from its
 * rounding). */
void check_codes(const codes *c, const double *luma, const double *chroma, double error, statistics *stats);

/* Converts under every mask and checks against the reference; the worst statistic of any mask. */
statistics check_picture(const pair *p, uint32_t width, uint32_t height, const void *src);

#endif
