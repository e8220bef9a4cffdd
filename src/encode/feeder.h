/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_FEEDER_H
#define FR_ENCODE_FEEDER_H

/*
 * Makes what an encoder reads of the frames of a capture. Planes that the encoder can take as they are, are
 * handed over by reference; the frame's surface stays held until the encoder lets go.
 */

#include <framering/frame.h>

#include <libavutil/buffer.h>
#include <libavutil/frame.h>

struct fr_feeder {
    enum AVPixelFormat format; /* NV12, YUV420P, P010LE or YUV420P10LE */
    uint32_t width, height;    /* even, at most one less than the frame's */
    AVBufferPool *planes;      /* buffers for planes that are repacked */
    size_t pitch_bytes[3];     /* of those; 0: handed over */
    size_t offset_bytes[3];
    AVBufferRef *hw_frames; /* NULL: the encoder reads memory */
};

/* `format` is one of the four above and agrees with the format of the frames. */
fr_status fr_feeder_init(struct fr_feeder *feeder, enum AVPixelFormat format, uint32_t width,
                         uint32_t height);
void fr_feeder_finish(struct fr_feeder *feeder);

/* Fills `out`, blank before. FR_ERR_NO_MEMORY; FR_ERR_ENCODER: the upload to the device failed. */
fr_status fr_feeder_make(struct fr_feeder *feeder, AVFrame *out, const fr_frame *frame);

#endif
