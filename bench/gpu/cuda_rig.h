/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_CUDA_RIG_H
#define FR_BENCH_GPU_CUDA_RIG_H

/* Surfaces on a GPU, what the CPU makes of the same pixels, and times. */

#include "convert_rig.h"

#include "capture/out_ring.h"

#include <framering/ffmpeg.h>

#include <libavutil/frame.h>

enum { SURFACES = 3, SAMPLES_MAX = 4096, NUM_KINDS = 2, NUM_SIZES = 6 };

struct kind {
    const char *name;
    fr_format from, to;
};
struct size {
    uint32_t width, height;
};
extern const struct kind cuda_kinds[NUM_KINDS]; /* NV12, P010 */
extern const struct size cuda_sizes[NUM_SIZES]; /* 1080p, 4K, 8K, then odd ones */

/* The surfaces of a capture, and what fills them. */
struct rig {
    struct fr_vk_device *device;
    struct fr_vk_converter *converter;
    fr_converter *cpu;
    fr_convert_params params;
    struct rig_slot slot;
    struct fr_out_ring ring;
    uint32_t *pixels;
    uint8_t *wanted;
    ptrdiff_t wanted_pitch;
};

/* Ends the program where something cannot be. */
void must(bool good, const char *what);
void rig_open(struct rig *rig, struct fr_vk_device *device, const struct kind *kind, const struct size *size);
void rig_close(struct rig *rig);
/* Other pixels for the conversions from now on. */
void rig_randomize(struct rig *rig, uint64_t seed);
void rig_convert(struct rig *rig, uint32_t surface);
fr_frame rig_frame(struct rig *rig, uint32_t surface);
void rig_wrap(fr_av_cuda *av, struct rig *rig, uint32_t surface, AVFrame *out);
/* Rows of what FFmpeg downloads that differ from the CPU's. */
size_t rig_download_wrong(const struct rig *rig, const AVFrame *gpu);

double us_since(uint64_t begin_ns);

struct times {
    double value[SAMPLES_MAX];
    uint32_t count;
};
/* Median and 99th percentile, as a member of a JSON object; sorts. */
void print_times(const char *name, struct times *times);

/* ---- cuda_late.c ---- */

bool cuda_late(struct fr_vk_device *device, uint32_t rounds);
bool cuda_steady(struct fr_vk_device *device, uint32_t wraps);

#endif
