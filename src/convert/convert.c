/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/kernel.h"
#include "convert/mask.h"
#include "convert/part.h"
#include "convert/pool.h"
#include "os/thread.h"

#include <math.h>
#include <stdlib.h>

struct fr_converter {
    const fr_convert_kernel *kernel;
    uint32_t width, height;
    size_t cache_bytes;
    struct fr_pool *pool; /* NULL: the caller's thread alone */
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
        fr_lanes_build_p010(&tables->lanes, pq, &tables->transfer);
        return;
    }
    /* sRGB is straight below 2^-9, and the largest half is below 2^16. */
    fr_curve_build(&tables->transfer, -9, 0, srgb, NULL);
    fr_lanes_build_nv12(&tables->lanes, srgb, &tables->transfer);
    const uint32_t peak = params->peak_millinits ? params->peak_millinits : 1000000;
    const uint32_t white = params->sdr_white_millinits ? params->sdr_white_millinits : 203000;
    const fr_tone_map map = fr_tone_map_init(fmin(peak / 1000.0, 10000), fmin(white / 1000.0, 10000));
    tables->clip = params->sdr_map == FR_SDR_MAP_CLIP;
    fr_curve_build(&tables->gain, -20, 16, tables->clip ? no_gain : tone_gain, &map);
    if (!tables->clip)
        fr_tone_lanes_build(&tables->tone, 10000 * fr_pq_decode(fmin(map.knee, 1) * map.source) / 80,
                            fmax(map.source_peak, map.target_peak) / 80, tone_gain, &map);
}

/* What threads gain has to pay for waking them: 20 to 60 microseconds. */
#define THREADS_MIN_PIXELS (256 * 1024u)
/* Where the converter chooses: from 1080p on. */
#define THREADS_AUTO_MIN_PIXELS (1920 * 1080u)
#define THREADS_AUTO_MAX 4u

/* One thread converts integers as fast as the memory moves them. Where it does not, half of the processors
 * are left to the encoder. */
static uint32_t choose_threads(const fr_convert_params *params)
{
    if (params->threads)
        return params->threads;
    if (params->from != FR_FORMAT_RGBA16F || params->width * params->height < THREADS_AUTO_MIN_PIXELS)
        return 1;
    const uint32_t half = fr_num_processors() / 2;
    return half < 1 ? 1 : half > THREADS_AUTO_MAX ? THREADS_AUTO_MAX : half;
}

fr_status fr_converter_create(fr_converter **out, const fr_convert_params *params)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    if (!params || params->width < 1 || params->width > FR_SIZE_MAX || params->height < 1 ||
        params->height > FR_SIZE_MAX || (unsigned)params->sdr_map > FR_SDR_MAP_CLIP ||
        params->threads > FR_CONVERT_THREADS_MAX)
        return FR_ERR_ARGUMENT;

    uint32_t mask;
    if (fr_cpu_mask_from_environment(&mask) < 0)
        return FR_ERR_ARGUMENT;
    const uint32_t cpu = fr_cpu_flags() & ~(params->cpu_mask | mask);
    const fr_convert_kernel *const kernel = find_kernel(params->from, params->to, cpu);
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
    const uint32_t threads = choose_threads(params);
    if (threads > 1 && params->width * params->height >= THREADS_MIN_PIXELS)
        converter->pool = fr_pool_create(threads - 1);
    *out = converter;
    return FR_OK;
}

void fr_converter_destroy(fr_converter **converter)
{
    if (!converter || !*converter)
        return;
    fr_pool_destroy(&(*converter)->pool);
    free(*converter);
    *converter = NULL;
}

/* What one call converts: columns from `left` to `right`, rows from `top` to `bottom`. */
struct job {
    const fr_converter *converter;
    const uint8_t *src;
    uint8_t *dst[2];
    ptrdiff_t src_pitch_bytes, dst_pitch_bytes[2];
    size_t left, right, top, bottom;
    size_t band; /* rows of a part; even */
    bool stream;
};

/* Whether four times the pixels and what becomes of them are more than the cache: slots, of which a ring has
 * four, and pictures take turns, so that what is written would be out of the cache before it is written
 * again, and an ordinary store reads it first. */
static bool streams(const struct job *job)
{
    const fr_convert_kernel *const kernel = job->converter->kernel;
    const size_t bytes = 4 * fr_format_pixel_bytes(kernel->from) + (kernel->to == FR_FORMAT_P010 ? 12 : 6);
    const size_t num_pixels = (job->right - job->left) * (job->bottom - job->top);
    return job->converter->cache_bytes && num_pixels * bytes > job->converter->cache_bytes;
}

static void convert_rows(const struct job *job, size_t top, size_t bottom)
{
    const ptrdiff_t height = (ptrdiff_t)job->converter->height;
    for (ptrdiff_t y = (ptrdiff_t)top; y < (ptrdiff_t)bottom; y += 2) {
        const ptrdiff_t below = y + 1 < height ? y + 1 : y;
        const fr_convert_rows rows = {
            .src = {job->src + y * job->src_pitch_bytes, job->src + below * job->src_pitch_bytes},
            .luma = {job->dst[0] + y * job->dst_pitch_bytes[0],
                     job->dst[0] + below * job->dst_pitch_bytes[0]},
            .chroma = job->dst[1] + y / 2 * job->dst_pitch_bytes[1],
            .width = job->right,
            .stream = job->stream,
            .next_bytes = y + 2 < (ptrdiff_t)bottom ? 2 * job->src_pitch_bytes : 0,
        };
        job->converter->kernel->run(&job->converter->tables, &rows, job->left);
    }
    if (job->stream)
        fr_convert_end_stream();
}

static void convert_band(void *arg, uint32_t part)
{
    const struct job *job = arg;
    const size_t top = job->top + part * job->band, bottom = top + job->band;
    convert_rows(job, top, bottom < job->bottom ? bottom : job->bottom);
}

/* More bands than threads, so that a thread that is held up delays little. */
static void run(struct job *job)
{
    struct fr_pool *const pool = job->converter->pool;
    job->stream = streams(job);
    const size_t rows = job->bottom - job->top;
    if (pool && rows * (job->right - job->left) >= THREADS_MIN_PIXELS) {
        const size_t bands = 4 * fr_pool_num_threads(pool);
        job->band = (rows / bands + 2) / 2 * 2;
        if (fr_pool_run(pool, convert_band, job, (uint32_t)((rows + job->band - 1) / job->band)))
            return;
    }
    convert_rows(job, job->top, job->bottom);
}

static struct job whole(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                        void *const dst[2], const ptrdiff_t dst_pitch_bytes[2])
{
    return (struct job){
        .converter = converter,
        .src = src,
        .dst = {dst[0], dst[1]},
        .src_pitch_bytes = src_pitch_bytes,
        .dst_pitch_bytes = {dst_pitch_bytes[0], dst_pitch_bytes[1]},
        .right = converter->width,
        .bottom = converter->height,
    };
}

void fr_converter_run(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                      void *const dst[2], const ptrdiff_t dst_pitch_bytes[2])
{
    struct job job = whole(converter, src, src_pitch_bytes, dst, dst_pitch_bytes);
    run(&job);
}

/* Kernels of floating point agree with the C kernel to a code, not to the bit. A part's columns fall into the
 * same kernel's blocks as the picture's where it begins and ends at a multiple of all their sizes. */
void fr_converter_run_part(const fr_converter *converter, const void *src, ptrdiff_t src_pitch_bytes,
                           void *const dst[2], const ptrdiff_t dst_pitch_bytes[2], const fr_rect *part)
{
    const size_t block = 64, end = (part->x + part->width + block - 1) / block * block;
    struct job job = whole(converter, src, src_pitch_bytes, dst, dst_pitch_bytes);
    job.left = part->x / block * block;
    job.right = end < converter->width ? end : converter->width;
    job.top = part->y;
    job.bottom = part->y + part->height;
    run(&job);
}

const char *fr_converter_kernel(const fr_converter *converter)
{
    return converter->kernel->name;
}
