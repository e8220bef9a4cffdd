/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_CODER_H
#define FR_TEST_CODER_H

/* Real streams from fakes of hardware encoders: x264 and x265 in the place of the GPU, told nothing but what
 * the fake was told. One stream at a time. */

#include <libavcodec/avcodec.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A picture of two planes, and the stream that it belongs to. */
struct coder_input {
    uint32_t stream; /* its number, from 1; another one is begun anew */
    bool hevc, ten_bit, lossless;
    uint32_t width, height; /* coded */
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
    enum AVColorRange range;
    enum AVChromaLocation location;
    const uint8_t *plane[2]; /* NV12, or P010 */
    size_t pitch_bytes;
    bool keyframe;
};

/* Bytes written: the parameter sets, or the picture without them. */
size_t coder_sets(const struct coder_input *in, uint8_t *out, size_t room);
size_t coder_picture(const struct coder_input *in, uint8_t *out, size_t room);

/* Frees what it holds. */
void coder_finish(void);

#endif
