/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_AV_COMMON_H
#define FR_ENCODE_AV_COMMON_H

/* What AVFrames of every form have of a frame. */

#include <framering/frame.h>

#include <libavutil/frame.h>

/* Size, colour and HDR metadata. FR_ERR_NO_MEMORY. */
fr_status fr_av_describe(AVFrame *out, const fr_frame *frame);

#endif
