/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "coder.h"

#include "support.h"

#include "encode/repack.h"

#include <libavutil/opt.h>

#include <string.h>

static struct {
    uint32_t stream;
    AVCodecContext *ctx;
    AVFrame *frame;
    AVPacket *packet;
} coder;

void coder_finish(void)
{
    avcodec_free_context(&coder.ctx);
    av_frame_free(&coder.frame);
    av_packet_free(&coder.packet);
    memset(&coder, 0, sizeof(coder));
}

static void set(const char *name, const char *value)
{
    assert_int_equal(av_opt_set(coder.ctx->priv_data, name, value, 0), 0);
}

static void set_options(const struct coder_input *in)
{
    set("preset", "ultrafast");
    set("tune", "zerolatency");
    set("forced-idr", "1");
    if (!in->lossless)
        set("crf", "4");
    if (in->hevc)
        set("x265-params", in->lossless ? "log-level=none:scenecut=0:info=0:pools=1:lossless=1"
                                        : "log-level=none:scenecut=0:info=0:pools=1");
    else
        set("x264-params", in->lossless ? "scenecut=0:qp=0" : "scenecut=0");
}

static void open_stream(const struct coder_input *in)
{
    if (coder.stream == in->stream)
        return;
    coder_finish();
    coder.stream = in->stream;
    coder.frame = av_frame_alloc();
    coder.packet = av_packet_alloc();
    const AVCodec *codec = avcodec_find_encoder_by_name(in->hevc ? "libx265" : "libx264");
    assert_non_null(codec);
    coder.ctx = avcodec_alloc_context3(codec);
    coder.ctx->width = (int)in->width;
    coder.ctx->height = (int)in->height;
    coder.ctx->time_base = (AVRational){1, 60};
    coder.ctx->pix_fmt = in->ten_bit ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
    coder.ctx->gop_size = 9999;
    coder.ctx->max_b_frames = 0;
    coder.ctx->thread_count = 1;
    coder.ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    coder.ctx->color_primaries = in->primaries;
    coder.ctx->color_trc = in->transfer;
    coder.ctx->colorspace = in->matrix;
    coder.ctx->color_range = in->range;
    coder.ctx->chroma_sample_location = in->location;
    set_options(in);
    assert_int_equal(avcodec_open2(coder.ctx, codec, NULL), 0);
}

static void fill_frame(const struct coder_input *in)
{
    AVFrame *f = coder.frame;
    const uint8_t *const *plane = in->plane;
    const size_t pitch = in->pitch_bytes, width = in->width, height = in->height;
    av_frame_unref(f);
    f->format = coder.ctx->pix_fmt;
    f->width = coder.ctx->width;
    f->height = coder.ctx->height;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    assert_int_equal(f->linesize[1], f->linesize[2]);
    const size_t out = (size_t)f->linesize[0], out_chroma = (size_t)f->linesize[1];
    if (in->ten_bit) {
        fr_repack_y10(f->data[0], out, plane[0], pitch, width, height);
        fr_repack_uv10(f->data[1], f->data[2], out_chroma, plane[1], pitch, width / 2, height / 2);
    } else {
        for (size_t y = 0; y < height; y++)
            memcpy(f->data[0] + y * out, plane[0] + y * pitch, width);
        fr_repack_uv8(f->data[1], f->data[2], out_chroma, plane[1], pitch, width / 2, height / 2);
    }
    f->pict_type = in->keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    f->pts = coder.ctx->frame_number;
}

size_t coder_sets(const struct coder_input *in, uint8_t *out, size_t room)
{
    open_stream(in);
    const size_t bytes = (size_t)coder.ctx->extradata_size;
    assert_true(bytes <= room);
    memcpy(out, coder.ctx->extradata, bytes);
    return bytes;
}

size_t coder_picture(const struct coder_input *in, uint8_t *out, size_t room)
{
    open_stream(in);
    fill_frame(in);
    assert_int_equal(avcodec_send_frame(coder.ctx, coder.frame), 0);
    assert_int_equal(avcodec_receive_packet(coder.ctx, coder.packet), 0);
    assert_int_equal((coder.packet->flags & AV_PKT_FLAG_KEY) != 0, in->keyframe);
    const size_t bytes = (size_t)coder.packet->size;
    assert_true(bytes <= room);
    memcpy(out, coder.packet->data, bytes);
    av_packet_unref(coder.packet);
    return bytes;
}
