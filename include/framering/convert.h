/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_CONVERT_H
#define FRAMERING_CONVERT_H

/*
 * The converters between a ring slot and an out ring surface, on the CPU. docs/colour.md gives the formulas.
 *
 *   BGRA8, RGBA8  -> NV12   BT.709 full range R'G'B' to BT.709 limited
 *   RGBA16F       -> P010   scRGB to BT.2020 PQ limited; nothing is clamped before the change of primaries
 *   RGB10A2       -> P010   PQ BT.2020 already; matrix, range and siting only
 *   RGBA16F       -> NV12   what an HDR or wide colour picture looks like to an SDR viewer
 *
 * Chroma is sited left: [1 2 1] / 4 about the even column, the mean of the two rows, edges replicated.
 * A converter keeps its tables, and threads where it was given some; it may be run from several threads at
 * once (one of them then has the converter's own threads to help).
 */

#include <framering/format.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_converter fr_converter;

/* How RGBA16F becomes NV12. */
typedef enum fr_sdr_map {
    FR_SDR_MAP_TONE = 0, /* HDR: BT.2390 EETF from peak_millinits to sdr_white_millinits, then BT.709 */
    FR_SDR_MAP_CLIP = 1  /* wide colour: clip to BT.709, 1.0 is white */
} fr_sdr_map;

/* Instruction sets, for fr_convert_params.cpu_mask and fr_cpu_flags. */
enum {
    FR_CPU_SSE41 = 1u << 0,
    FR_CPU_AVX2 = 1u << 1,   /* with FMA and F16C */
    FR_CPU_AVX512 = 1u << 2, /* F, BW, VL, DQ, VBMI, VNNI */
    FR_CPU_NEON = 1u << 3
};

#define FR_CONVERT_THREADS_MAX 16u

typedef struct fr_convert_params {
    fr_format from, to;
    uint32_t width, height;       /* pixels, 1..FR_SIZE_MAX */
    fr_sdr_map sdr_map;           /* RGBA16F -> NV12 only */
    uint32_t peak_millinits;      /* RGBA16F -> NV12, tone: what the display's peak is; 0 = 1000 cd/m2 */
    uint32_t sdr_white_millinits; /* RGBA16F -> NV12, tone: what becomes SDR white; 0 = 203 cd/m2 */
    uint32_t cpu_mask; /* instruction sets not to use, FR_CPU_*; ~0u leaves the C reference; 0 = use the best.
                          The environment variable FRAMERING_CPU_MASK, as fr_cpu_mask_parse reads it, adds
                          to it */
    uint32_t threads;  /* that share the rows of a picture of 256 Ki pixels or more, the caller's among them,
                          at most FR_CONVERT_THREADS_MAX; 0 = the converter chooses: 1 for integers, which
                          one thread converts as fast as memory moves, and for pictures smaller than 1080p;
                          else half of the processors that the process may use, at most 4. Fewer where the
                          system starts no more */
} fr_convert_params;

/* Makes a converter. On success the caller owns *out; on failure *out is NULL.
 * FR_ERR_ARGUMENT: size, sdr_map or threads out of range, or FRAMERING_CPU_MASK is not understood;
 * FR_ERR_UNSUPPORTED: no such pair; FR_ERR_NO_MEMORY. Any thread. */
FR_API fr_status fr_converter_create(fr_converter **out, const fr_convert_params *params);

/* Frees *converter and sets it NULL; NULL is accepted. */
FR_API void fr_converter_destroy(fr_converter **converter);

/*
 * Converts one picture. `src` is the first pixel of the top row; rows lie src_pitch_bytes apart (negative:
 * bottom-up), at least width * pixel bytes. dst[0] takes the Y plane, dst[1] the interleaved chroma plane,
 * with their own pitches in bytes. No alignment is asked for. Nothing outside the rows' pixels is read or
 * written. The source may change while it is read (a hostile peer): the result is then unspecified pixels,
 * nothing worse. Any thread.
 */
FR_API void fr_converter_run(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                             void *const dst[2], const ptrdiff_t dst_pitch_bytes[2]);

/* The name of the kernel that runs, for example "convert_bgra_nv12_avx2". Static; never NULL. */
FR_API const char *fr_converter_kernel(const fr_converter *converter);

/* The instruction sets of this machine that a converter can use, FR_CPU_*. Any thread. */
FR_API uint32_t fr_cpu_flags(void);

/*
 * Reads instruction sets not to use, for fr_convert_params.cpu_mask: names from sse4.1, avx2, avx512, neon
 * and all, with a comma between ("avx512,avx2"), or FR_CPU_* added up, as strtoul reads a number ("6",
 * "0x6"). A set that this machine does not have may be named. FR_ERR_ARGUMENT: something else, or NULL; *out
 * is 0. Any thread.
 */
FR_API fr_status fr_cpu_mask_parse(uint32_t *out, const char *text);

#ifdef __cplusplus
}
#endif
#endif
