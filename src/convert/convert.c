/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"
#include "convert/part.h"

#include <math.h>
#include <stdlib.h>

struct fr_converter {
    const fr_convert_kernel *kernel;
    uint32_t width, height;
    size_t cache_bytes;
    fr_convert_tables tables;
};

static const fr_convert_kernel kernels_c[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, 0, "convert_bgra_nv12_c", convert_bgra_nv12_c},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, 0, "convert_rgba_nv12_c", convert_rgba_nv12_c},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, 0, "convert_rgba16f_p010_c", convert_rgba16f_p010_c},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, 0, "convert_rgb10a2_p010_c", convert_rgb10a2_p010_c},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, 0, "convert_rgba16f_nv12_c", convert_rgba16f_nv12_c},
    {.name = NULL},
};

/* From the weakest to the strongest: the last kernel that the machine can run is taken. */
static const fr_convert_kernel *const kernel_lists[] = {
    kernels_c,
    fr_convert_kernels_sse41,
    fr_convert_kernels_avx2,
    fr_convert_kernels_avx512,
    fr_convert_kernels_neon,
};

enum { NUM_KERNEL_LISTS = sizeof(kernel_lists) / sizeof(kernel_lists[0]) };

uint32_t fr_cpu_flags(void)
{
    return fr_convert_detect_cpu();
}

static uint32_t environment_mask(void)
{
    const char *const text = getenv("FRAMERING_CPU_MASK");
    return text ? (uint32_t)strtoul(text, NULL, 0) : 0;
}

static const fr_convert_kernel *find_kernel(fr_format from, fr_format to, uint32_t cpu)
{
    const fr_convert_kernel *found = NULL;
    for (int i = 0; i < NUM_KERNEL_LISTS; i++)
        for (const fr_convert_kernel *k = kernel_lists[i]; k->name; k++)
            if (k->from == from && k->to == to && (k->cpu & ~cpu) == 0)
                found = k;
    return found;
}

static double pq(double light, const void *arg)
{
    (void)arg;
    return fr_pq_encode(light);
}

static double srgb(double light, const void *arg)
{
    (void)arg;
    return fr_srgb_encode(light);
}

/* What to multiply scRGB by, so that 1 is SDR white, for a pixel whose largest component is `scrgb`. */
static double tone_gain(double scrgb, const void *arg)
{
    const fr_tone_map *const map = arg;
    /* The curve is straight at black, so that any small value stands for the limit there. */
    const double nits = 80 * fmax(scrgb, 0x1p-24);
    return 80 * fr_tone_map_at(map, nits) / (nits * map->target_peak);
}

static double no_gain(double scrgb, const void *arg)
{
    (void)scrgb;
    (void)arg;
    return 1;
}

static void build_tables(fr_convert_tables *tables, const fr_convert_params *params)
{
    if (params->from != FR_FORMAT_RGBA16F)
        return;
    if (params->to == FR_FORMAT_P010) {
        /* PQ is steepest at black: below 2^-44 it is within 5e-6 of its value there. */
        fr_curve_build(&tables->transfer, -44, 0, pq, NULL);
        return;
    }
    /* sRGB is straight below 2^-9, and the largest half is below 2^16. */
    fr_curve_build(&tables->transfer, -9, 0, srgb, NULL);
    const uint32_t peak = params->peak_millinits ? params->peak_millinits : 1000000;
    const uint32_t white = params->sdr_white_millinits ? params->sdr_white_millinits : 203000;
    const fr_tone_map map = fr_tone_map_init(fmin(peak / 1000.0, 10000), fmin(white / 1000.0, 10000));
    fr_curve_build(&tables->gain, -20, 16, params->sdr_map == FR_SDR_MAP_CLIP ? no_gain : tone_gain, &map);
}

fr_status fr_converter_create(fr_converter **out, const fr_convert_params *params)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    if (!params || params->width < 1 || params->width > FR_SIZE_MAX || params->height < 1 ||
        params->height > FR_SIZE_MAX || (unsigned)params->sdr_map > FR_SDR_MAP_CLIP)
        return FR_ERR_ARGUMENT;

    const uint32_t mask = params->cpu_mask | environment_mask();
    const fr_convert_kernel *const kernel = find_kernel(params->from, params->to, fr_cpu_flags() & ~mask);
    if (!kernel)
        return FR_ERR_UNSUPPORTED;

    fr_converter *const converter = calloc(1, sizeof(*converter));
    if (!converter)
        return FR_ERR_NO_MEMORY;
    converter->kernel = kernel;
    converter->width = params->width;
    converter->height = params->height;
    converter->cache_bytes = fr_convert_cache_bytes();
    build_tables(&converter->tables, params);
    *out = converter;
    return FR_OK;
}

void fr_converter_destroy(fr_converter **converter)
{
    if (!converter)
        return;
    free(*converter);
    *converter = NULL;
}

/* Whether so many pixels and what becomes of them are more than half of the cache. Slots and pictures take
 * turns, so that what is written then would be out of the cache before it is written again, and reading it
 * first costs a third of the time. Below, an encoder finds it in the cache. */
static bool streams(const fr_converter *converter, size_t num_pixels)
{
    const fr_convert_kernel *const kernel = converter->kernel;
    const size_t bytes = 2 * fr_format_pixel_bytes(kernel->from) + (kernel->to == FR_FORMAT_P010 ? 6 : 3);
    return converter->cache_bytes && num_pixels * bytes > converter->cache_bytes;
}

/* Columns from `left` to `right`, rows from `top` to `bottom`. */
static void run(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes, void *const dst[2],
                const ptrdiff_t dst_pitch_bytes[2], size_t left, size_t right, size_t top, size_t bottom)
{
    const uint8_t *const pixels = src;
    uint8_t *const luma = dst[0], *const chroma = dst[1];
    const bool stream = streams(converter, (right - left) * (bottom - top));
    for (ptrdiff_t y = (ptrdiff_t)top; y < (ptrdiff_t)bottom; y += 2) {
        const ptrdiff_t below = y + 1 < (ptrdiff_t)converter->height ? y + 1 : y;
        const fr_convert_rows rows = {
            .src = {pixels + y * src_pitch_bytes, pixels + below * src_pitch_bytes},
            .luma = {luma + y * dst_pitch_bytes[0], luma + below * dst_pitch_bytes[0]},
            .chroma = chroma + y / 2 * dst_pitch_bytes[1],
            .width = right,
            .stream = stream,
            .next_bytes = y + 2 < (ptrdiff_t)bottom ? 2 * src_pitch_bytes : 0,
        };
        converter->kernel->run(&converter->tables, &rows, left);
    }
    if (stream)
        fr_convert_end_stream();
}

void fr_converter_run(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                      void *const dst[2], const ptrdiff_t dst_pitch_bytes[2])
{
    run(converter, src, src_pitch_bytes, dst, dst_pitch_bytes, 0, converter->width, 0, converter->height);
}

/* Kernels of floating point agree with the C kernel to a code, not to the bit. A part's columns fall into the
 * same kernel's blocks as the picture's where it begins and ends at a multiple of all their sizes. */
void fr_converter_run_part(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                           void *const dst[2], const ptrdiff_t dst_pitch_bytes[2], const fr_rect *part)
{
    const size_t block = 64, end = (part->x + part->width + block - 1) / block * block;
    run(converter, src, src_pitch_bytes, dst, dst_pitch_bytes, part->x / block * block,
        end < converter->width ? end : converter->width, part->y, part->y + part->height);
}

const char *fr_converter_kernel(const fr_converter *converter)
{
    return converter->kernel->name;
}
