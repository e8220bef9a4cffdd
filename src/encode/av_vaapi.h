/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_AV_VAAPI_H
#define FR_ENCODE_AV_VAAPI_H

/*
 * Frames that lie in Vulkan as surfaces of VA-API on the same GPU, by DMA-BUF and without a copy. Each memory
 * is imported once, not once a frame.
 */

#include "encode/encoder.h"

#include <libavutil/frame.h>

enum { FR_VAAPI_NODE_BYTES = 32 };

/* The path of the machine's next render node after that number, which is 0 at first. 0: there is none. */
uint32_t fr_av_vaapi_next_node(uint32_t after, char path[FR_VAAPI_NODE_BYTES]);

struct fr_av_vaapi;

/* For frames like this one. FR_ERR_UNSUPPORTED: `reason` says why VA-API does not take them;
 * FR_ERR_NO_MEMORY. */
fr_status fr_av_vaapi_open(struct fr_av_vaapi **out, const fr_frame *frame, char reason[FR_REASON_BYTES]);
/* Accepts NULL in it. Frames that were made live on. */
void fr_av_vaapi_close(struct fr_av_vaapi **frames);

/* What an encoder of them is opened with; theirs. */
AVBufferRef *fr_av_vaapi_context(const struct fr_av_vaapi *frames);

/* Waits until the GPU has drawn the frame, then fills `out`, which holds it; blank before and after a
 * failure. FR_ERR_UNSUPPORTED as above; FR_ERR_NO_MEMORY; FR_TIMEOUT, FR_ERR_DEVICE_LOST: this frame is not
 * to be had.
 */
fr_status fr_av_vaapi_make(struct fr_av_vaapi *frames, AVFrame *out, const fr_frame *frame,
                           char reason[FR_REASON_BYTES]);

#endif
