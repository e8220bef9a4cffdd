/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_GPU_FEEDER_H
#define FR_ENCODE_GPU_FEEDER_H

/*
 * Frames that lie in Vulkan as an encoder of libavcodec's takes them on that GPU, without a copy: in CUDA for
 * NVENC, in VAAPI by a DMA-BUF.
 */

#include "encode/encoder.h"

struct fr_gpu_feeder;
struct fr_av_cuda;

/* What goes from encoder to encoder, all zero at first: CUDA takes a tenth of a second for a context. */
struct fr_gpu_keep {
    struct fr_av_cuda *cuda;
};

void fr_gpu_keep_finish(struct fr_gpu_keep *keep);

/* Names the GPU that the frame lies on; NULL: in memory. */
const void *fr_gpu_device_of(const fr_frame *frame);

/* For frames like this one. `keep` outlives the feeder. FR_ERR_UNSUPPORTED: `reason` says why this encoder
 * has to get them through memory. FR_ERR_NO_MEMORY; FR_TIMEOUT, FR_ERR_DEVICE_LOST: this frame is not to be
 * had. */
fr_status fr_gpu_feeder_open(struct fr_gpu_feeder **out, const AVCodec *codec, const fr_frame *frame,
                             struct fr_gpu_keep *keep, char reason[FR_REASON_BYTES]);
/* Accepts NULL in it. After the encoder, which may have its frames still. */
void fr_gpu_feeder_close(struct fr_gpu_feeder **feeder);

/* "cuda", "vaapi". */
const char *fr_gpu_feeder_name(const struct fr_gpu_feeder *feeder);
/* What the encoder is opened with; the feeder's. */
AVBufferRef *fr_gpu_feeder_frames(const struct fr_gpu_feeder *feeder);

/* Fills `out`, blank before and after a failure, which is one of those of open. */
fr_status fr_gpu_feeder_make(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                             char reason[FR_REASON_BYTES]);

#endif
