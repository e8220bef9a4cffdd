/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_COPY_H
#define FR_CONVERT_COPY_H

/* Pixels from one memory to another as they are: what a source does that draws elsewhere. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies rows, which do not overlap; a pitch may be negative. What is larger than half of the cache goes past
 * it, with a fence after it. Any thread. */
void fr_copy_rows(void *out, ptrdiff_t out_pitch_bytes, const void *in, ptrdiff_t in_pitch_bytes,
                  size_t row_bytes, size_t num_rows);

/*
 * A kernel copies one row past the cache and asks for what follows it: from `in` + next_bytes on if that is
 * not 0. Whoever calls then calls fr_convert_end_stream.
 */
typedef void fr_copy_fn(uint8_t *out, const uint8_t *in, size_t bytes, ptrdiff_t next_bytes);

typedef struct fr_copy_kernel {
    uint32_t cpu; /* FR_CPU_* that it needs */
    const char *name;
    fr_copy_fn *run;
} fr_copy_kernel;

/*
 * From the weakest to the strongest, ended by one without a name. There is none for AVX-512, which is not
 * faster here than AVX2, and none for NEON, whose stores past the cache could not be measured.
 */
extern const fr_copy_kernel fr_copy_kernels[];

/* The strongest that fr_convert_detect_cpu and FRAMERING_CPU_MASK leave; NULL: memcpy is all there is. */
const fr_copy_kernel *fr_copy_find_kernel(void);

#endif
