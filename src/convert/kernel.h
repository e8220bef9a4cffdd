/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_KERNEL_H
#define FR_CONVERT_KERNEL_H

/*
 * What a converter kernel is, and the list of those built in.
 *
 * A kernel converts the columns from `from` (even) to rows->width of two rows of a picture, and the one row
 * of chroma that belongs to them. The last row of a picture of odd height comes twice: src[1] is src[0] and
 * luma[1] is luma[0]. A kernel for an instruction set does its whole blocks and leaves the columns after them
 * to the C kernel.
 */

#include "convert/lanes.h"
#include "convert/tone_lanes.h"

#include <framering/convert.h>

/* Where the arguments choose the code: it has to be one copy for each choice. */
#if defined(_MSC_VER)
#define FR_ALWAYS_INLINE static __forceinline
#else
#define FR_ALWAYS_INLINE static inline __attribute__((always_inline))
#endif

/* What fr_converter_create works out once. A kernel that needs no table gets them zeroed. */
typedef struct fr_convert_tables {
    fr_curve transfer;  /* light in 0..1 to signal in 0..1: PQ for P010, sRGB for NV12 */
    fr_curve gain;      /* RGBA16F -> NV12: the largest component to the factor of all three */
    fr_lanes lanes;     /* the transfer again, for kernels with lanes of 16 bits */
    fr_tone_lanes tone; /* the gain again, for the same */
    bool clip;          /* RGBA16F -> NV12: the gain is 1 */
} fr_convert_tables;

typedef struct fr_convert_rows {
    const uint8_t *src[2];
    uint8_t *luma[2];
    uint8_t *chroma;
    size_t width;         /* pixels */
    ptrdiff_t next_bytes; /* from these rows of the source to those that are converted after them; 0: none */
    bool stream;          /* stores may go past the cache; whoever calls then calls fr_convert_end_stream */
} fr_convert_rows;

typedef void fr_convert_fn(const fr_convert_tables *tables, const fr_convert_rows *rows, size_t from);

typedef struct fr_convert_kernel {
    fr_format from, to;
    uint32_t cpu; /* FR_CPU_* that it needs */
    const char *name;
    fr_convert_fn *run;
} fr_convert_kernel;

fr_convert_fn convert_bgra_nv12_c;
fr_convert_fn convert_rgba_nv12_c;
fr_convert_fn convert_rgba16f_p010_c;
fr_convert_fn convert_rgb10a2_p010_c;
fr_convert_fn convert_rgba16f_nv12_c;

/* One list per instruction set, ended by an entry without a name; empty where it is not built. */
extern const fr_convert_kernel fr_convert_kernels_sse41[];
extern const fr_convert_kernel fr_convert_kernels_avx2[];
extern const fr_convert_kernel fr_convert_kernels_avx512[];
extern const fr_convert_kernel fr_convert_kernels_neon[];

/* What the processor and the operating system support, FR_CPU_*. */
uint32_t fr_convert_detect_cpu(void);

/* The size of the processor's largest cache that this thread's core uses; 0: not known, or stores past it are
 * not to be had. */
size_t fr_convert_cache_bytes(void);

/* After stores past the cache: later stores are seen after them. */
void fr_convert_end_stream(void);

#endif
