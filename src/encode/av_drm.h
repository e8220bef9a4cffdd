/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_AV_DRM_H
#define FR_ENCODE_AV_DRM_H

/* Frames that lie in Vulkan as DMA-BUFs. */

#include <framering/frame.h>

#include <libavutil/frame.h>

/* As fr_av_drm_wrap. `hold` false: `out` holds the memory and not the frame, whose pixels change when the
 * capture draws the next one there. */
fr_status fr_av_drm_export(const fr_frame *frame, bool hold, AVFrame *out);

#endif
