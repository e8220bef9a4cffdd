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

void fr_gpu_offer(const fr_gpu *gpu, fr_source_params *params)
{
    (void)gpu;
    (void)params;
}

fr_status fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot)
{
    (void)gpu;
    (void)slot;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_gpu_upload(fr_gpu *gpu, fr_source *source, const fr_slot *slot, bool last)
{
    (void)gpu;
    (void)source;
    (void)slot;
    (void)last;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info)
{
    (void)gpu;
    (void)source;
    (void)info;
    return FR_ERR_UNSUPPORTED;
}
