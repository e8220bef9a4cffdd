/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a build without Vulkan's headers, or FFmpeg's for it, answers. */
#include <framering/ffmpeg.h>

fr_status fr_av_vulkan_create(fr_av_vulkan **out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_av_vulkan_wrap(fr_av_vulkan *av, const fr_frame *frame, struct AVFrame *out)
{
    return av && frame && out ? FR_ERR_UNSUPPORTED : FR_ERR_ARGUMENT;
}

void fr_av_vulkan_destroy(fr_av_vulkan **av)
{
    if (av)
        *av = NULL;
}
