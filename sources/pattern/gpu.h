/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_GPU_H
#define FRAMERING_SOURCES_PATTERN_GPU_H

/* The pattern as a source that renders on a GPU: drawn in memory, brought into a texture, published from
 * there. gpu_win32.c, gpu_vulkan_linux.c; elsewhere gpu_none.c, with no options and no GPU. */

#include "common/options.h"

#include <framering/source.h>

typedef struct fr_gpu_options {
    bool wanted;
    const char *name; /* a part of the GPU's name; NULL: the first */
} fr_gpu_options;

fr_option_group fr_gpu_group(fr_gpu_options *options);

typedef struct fr_gpu fr_gpu;

/* *out is NULL when none is wanted, or where this machine has no Vulkan, which is said. False: said why. */
bool fr_gpu_create(fr_gpu **out, const fr_gpu_options *options, const fr_program *program);
void fr_gpu_destroy(fr_gpu **gpu);

/* Names the GPU to the source that is to be opened, and is needed as long as that. Nothing for NULL. */
void fr_gpu_offer(const fr_gpu *gpu, fr_source_params *params);

/* FR_ERR_DEVICE_LOST from any of these: the GPU went away or does not end its work, and is of no more use. */

/* Memory to draw a picture of slot's size and format into, as its `pixels`. FR_ERR_NO_MEMORY: that, or the
 * GPU has no such texture. */
fr_status fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot);

/* Brings what was drawn into the texture of the slot that `source` claimed. The `last` of a frame may be
 * published after FR_OK. FR_ERR_NO_MEMORY; FR_ERR_UNSUPPORTED: the slot is in memory. */
fr_status fr_gpu_upload(fr_gpu *gpu, fr_source *source, const fr_slot *slot, bool last);

/* Brings what was drawn into a texture of our own, and publishes that. As fr_source_push_d3d11 and
 * fr_source_push_vulkan. */
fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info);

#endif
