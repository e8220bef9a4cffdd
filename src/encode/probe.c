/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/encoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Large enough for every hardware encoder's minimum. */
enum { WIDTH = 640, HEIGHT = 384 };

static fr_status encode_one(struct fr_encoder *encoder, const fr_frame *frame, AVPacket *packet)
{
    fr_status status = encoder->ops->send(encoder, frame, 0, true);
    if (status == FR_OK)
        status = encoder->ops->drain(encoder);
    if (status == FR_OK)
        status = encoder->ops->receive(encoder, packet);
    av_packet_unref(packet);
    return status > 0 ? FR_ERR_ENCODER : status;
}

static fr_status try_format(const struct fr_encoder_row *row, const fr_frame *frame,
                            char reason[FR_REASON_BYTES])
{
    const struct fr_encoder_config config = {.width = frame->width,
                                             .height = frame->height,
                                             .format = frame->format,
                                             .colour = frame->colour,
                                             .has_hdr = frame->has_hdr,
                                             .hdr = frame->hdr,
                                             .ticks_per_second = 90000,
                                             .fps_mhz = 60000,
                                             .gop_frames = 120};
    struct fr_encoder *encoder;
    fr_status status = row->open(&encoder, row, &config, reason);
    if (status < 0)
        return status;
    AVPacket *packet = av_packet_alloc();
    status = packet ? encode_one(encoder, frame, packet) : FR_ERR_NO_MEMORY;
    if (status < 0)
        snprintf(reason, FR_REASON_BYTES, "%s", encoder->reason[0] ? encoder->reason : "gives no packet");
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    return status;
}

static void probe_one(fr_encoder_info *out, const struct fr_encoder_row *row, const uint8_t *pixels)
{
    *out =
        (fr_encoder_info){.name = row->name, .codec = row->codec, .built_in = fr_encoder_row_built_in(row)};
    fr_frame frame = {.width = WIDTH,
                      .height = HEIGHT,
                      .format = FR_FORMAT_NV12,
                      .colour = fr_colour_of(FR_FORMAT_NV12),
                      .plane = {pixels, pixels},
                      .pitch_bytes = {WIDTH * 2, WIDTH * 2}};
    out->usable = try_format(row, &frame, out->reason) == FR_OK;
    if (!out->usable)
        return;
    out->reason[0] = '\0';
    char no_hdr[FR_REASON_BYTES];
    frame.format = FR_FORMAT_P010;
    frame.colour = fr_colour_of(FR_FORMAT_P010);
    frame.has_hdr = true;
    frame.hdr = fr_hdr_metadata_generic();
    out->hdr = row->hdr != FR_HDR_NONE && try_format(row, &frame, no_hdr) == FR_OK;
}

size_t fr_encoders_probe(fr_encoder_info *out, size_t capacity)
{
    const struct fr_encoder_list list = fr_encoder_list_known();
    uint8_t *pixels = out && capacity ? calloc((size_t)WIDTH * 2, HEIGHT) : NULL;
    for (size_t i = 0; pixels && i < list.num_rows && i < capacity; i++)
        probe_one(&out[i], &list.rows[i], pixels);
    free(pixels);
    return list.num_rows;
}
