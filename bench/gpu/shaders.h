/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_SHADERS_H
#define FR_BENCH_GPU_SHADERS_H

/* The SPIR-V of shaders/. */

#include <stddef.h>
#include <stdint.h>

struct gpu_code {
    const uint32_t *words;
    size_t bytes;
};

extern const struct gpu_code gpu_code_copy, gpu_code_fill, gpu_code_image_copy, gpu_code_tick, gpu_code_burn,
    gpu_code_fetch_fetch, gpu_code_fetch_gather, gpu_code_fetch_load, gpu_code_fetch_buffer,
    gpu_code_fetch_shuffle;

#endif
