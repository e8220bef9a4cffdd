/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include <libavcodec/avcodec.h>

#include <stdio.h>
#include <string.h>

static bool read_stamp(const AVFrame *frame, uint16_t *number)
{
    if (frame->width < STAMP_WIDTH || frame->height < STAMP_HEIGHT)
        return false;
    uint32_t bits = 0;
    const uint8_t *const row = frame->data[0] + STAMP_HEIGHT / 2 * frame->linesize[0];
    for (int i = 0; i < STAMP_BITS; i++)
        bits = bits << 1 | (row[i * STAMP_BLOCK + STAMP_BLOCK / 2] >= 128);
    return stamp_check(bits, number);
}

struct sink {
    AVCodecContext *context;
    AVPacket *packet;
    AVFrame *frame;
};

static bool open_sink(struct sink *sink)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    sink->context = codec ? avcodec_alloc_context3(codec) : NULL;
    sink->packet = av_packet_alloc();
    sink->frame = av_frame_alloc();
    if (!sink->context || !sink->packet || !sink->frame)
        return false;
    /* One packet in, its picture out. */
    sink->context->flags |= AV_CODEC_FLAG_LOW_DELAY;
    sink->context->thread_count = 1;
    return avcodec_open2(sink->context, codec, NULL) >= 0;
}

static void close_sink(struct sink *sink)
{
    avcodec_free_context(&sink->context);
    av_packet_free(&sink->packet);
    av_frame_free(&sink->frame);
}

bool decode_stamps(const struct stream *stream,
                   void (*picture)(void *user, uint16_t number, uint64_t arrived_ns), void *user)
{
    struct sink sink = {NULL, NULL, NULL};
    const bool good = open_sink(&sink);
    for (size_t i = 0; good && i < stream->count; i++) {
        const struct packet *const p = &stream->packets[i];
        if (p->bytes == 0 || av_new_packet(sink.packet, (int)p->bytes) < 0)
            continue;
        memcpy(sink.packet->data, p->data, p->bytes);
        sink.packet->pts = sink.packet->dts = (int64_t)i;
        avcodec_send_packet(sink.context, sink.packet);
        av_packet_unref(sink.packet);
        while (avcodec_receive_frame(sink.context, sink.frame) >= 0) {
            uint16_t number;
            const int64_t from = sink.frame->pts;
            if (from >= 0 && from <= (int64_t)i && read_stamp(sink.frame, &number))
                picture(user, number, stream->packets[from].arrived_ns);
        }
    }
    if (!good)
        fprintf(stderr, "no decoder for H.264\n");
    close_sink(&sink);
    return good;
}
