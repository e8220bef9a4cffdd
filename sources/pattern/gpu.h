/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_GPU_H
#define FRAMERING_SOURCES_PATTERN_GPU_H

/* The pattern as a source that renders on a GPU: drawn in memory, brought into a texture, published from
 * there. gpu_win32.c; elsewhere gpu_none.c, with no options and no GPU. */

#include "common/options.h"

#include <framering/d3d11.h>

typedef struct fr_gpu_options {
    bool wanted;
    const char *adapter; /* a part of its name; NULL: the first */
} fr_gpu_options;

fr_option_group fr_gpu_group(fr_gpu_options *options);

typedef struct fr_gpu fr_gpu;

/* *out is NULL when none is wanted. False: said why. */
bool fr_gpu_create(fr_gpu **out, const fr_gpu_options *options, const fr_program *program);
void fr_gpu_destroy(fr_gpu **gpu);

/* For fr_source_params; valid as long as the GPU. NULL for NULL. */
const struct fr_d3d11_source_params *fr_gpu_source_params(const fr_gpu *gpu);

/* Memory to draw a picture of slot's size and format into, as its `pixels`. False: out of memory, or the GPU
 * has no such texture. */
bool fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot);

/* Brings what was drawn into slot->texture. */
void fr_gpu_upload(fr_gpu *gpu, const fr_slot *slot);

/* Brings what was drawn into a texture of our own, and publishes that. As fr_source_push_d3d11. */
fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info);

#endif
