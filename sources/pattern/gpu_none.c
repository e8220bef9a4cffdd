/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

fr_option_group fr_gpu_group(fr_gpu_options *options)
{
    return (fr_option_group){NULL, 0, options};
}

bool fr_gpu_create(fr_gpu **out, const fr_gpu_options *options, const fr_program *program)
{
    (void)options;
    (void)program;
    *out = NULL;
    return true;
}

void fr_gpu_destroy(fr_gpu **gpu)
{
    (void)gpu;
}

const struct fr_d3d11_source_params *fr_gpu_source_params(const fr_gpu *gpu)
{
    (void)gpu;
    return NULL;
}

bool fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot)
{
    (void)gpu;
    (void)slot;
    return false;
}

void fr_gpu_upload(fr_gpu *gpu, const fr_slot *slot)
{
    (void)gpu;
    (void)slot;
}

fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info)
{
    (void)gpu;
    (void)source;
    (void)info;
    return FR_ERR_UNSUPPORTED;
}
