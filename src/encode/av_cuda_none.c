/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a build without CUDA's headers (pkg-config ffnvcodec), or FFmpeg's for it, answers. */
#include <framering/ffmpeg.h>

fr_status fr_av_cuda_create(fr_av_cuda **out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_av_cuda_wrap(fr_av_cuda *av, const fr_frame *frame, struct AVFrame *out)
{
    return av && frame && out ? FR_ERR_UNSUPPORTED : FR_ERR_ARGUMENT;
}

const char *fr_av_cuda_reason(const fr_av_cuda *av)
{
    (void)av;
    return "";
}

void fr_av_cuda_destroy(fr_av_cuda **av)
{
    if (av)
        *av = NULL;
}
