/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Where libavcodec's encoders get memory. */
#include "encode/gpu_feeder.h"
#include "encode/av_vaapi.h"

#include <stdio.h>

void fr_gpu_keep_finish(struct fr_gpu_keep *keep)
{
    (void)keep;
}

fr_status fr_gpu_feeder_open(struct fr_gpu_feeder **out, const AVCodec *codec, const fr_frame *frame,
                             struct fr_gpu_keep *keep, char reason[FR_REASON_BYTES])
{
    (void)frame, (void)keep;
    *out = NULL;
    snprintf(reason, FR_REASON_BYTES, "%s reads memory", codec->name);
    return FR_ERR_UNSUPPORTED;
}

void fr_gpu_feeder_close(struct fr_gpu_feeder **feeder)
{
    *feeder = NULL;
}

const char *fr_gpu_feeder_name(const struct fr_gpu_feeder *feeder)
{
    (void)feeder;
    return "";
}

AVBufferRef *fr_gpu_feeder_frames(const struct fr_gpu_feeder *feeder)
{
    (void)feeder;
    return NULL;
}

fr_status fr_gpu_feeder_make(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                             char reason[FR_REASON_BYTES])
{
    (void)feeder, (void)out, (void)frame, (void)reason;
    return FR_ERR_UNSUPPORTED;
}

uint32_t fr_av_vaapi_next_node(uint32_t after, char path[FR_VAAPI_NODE_BYTES])
{
    (void)after, (void)path;
    return 0;
}
