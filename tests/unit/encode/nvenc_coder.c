/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "nvenc_coder.h"

#include "support.h"

#include "encode/repack.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include <string.h>

static struct coder {
    uint32_t session;
    AVCodecContext *ctx;
    AVFrame *frame;
    AVPacket *packet;
} coder;

void nvenc_coder_finish(void)
{
    avcodec_free_context(&coder.ctx);
    av_frame_free(&coder.frame);
    av_packet_free(&coder.packet);
    coder = (struct coder){0};
}

static bool is_hevc(const struct fake_input *in)
{
    return !memcmp(&in->codec, &NV_ENC_CODEC_HEVC_GUID, sizeof(in->codec));
}

static bool is_ten_bit(const struct fake_input *in)
{
    return !memcmp(&in->config->profileGUID, &NV_ENC_HEVC_PROFILE_MAIN10_GUID, sizeof(GUID));
}

static void tag(AVCodecContext *ctx, const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui)
{
    if (vui->videoSignalTypePresentFlag)
        ctx->color_range = vui->videoFullRangeFlag ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (vui->videoSignalTypePresentFlag && vui->colourDescriptionPresentFlag) {
        ctx->color_primaries = (enum AVColorPrimaries)vui->colourPrimaries;
        ctx->color_trc = (enum AVColorTransferCharacteristic)vui->transferCharacteristics;
        ctx->colorspace = (enum AVColorSpace)vui->colourMatrix;
    }
    if (vui->chromaSampleLocationFlag)
        ctx->chroma_sample_location = (enum AVChromaLocation)(vui->chromaSampleLocationTop + 1);
}

static void open_coder(const struct fake_input *in)
{
    const bool hevc = is_hevc(in), ten = is_ten_bit(in);
    const NV_ENC_CODEC_CONFIG *config = &in->config->encodeCodecConfig;
    if (coder.session == in->session)
        return;
    nvenc_coder_finish();
    coder.session = in->session;
    coder.frame = av_frame_alloc();
    coder.packet = av_packet_alloc();
    const AVCodec *codec = avcodec_find_encoder_by_name(hevc ? "libx265" : "libx264");
    assert_non_null(codec);
    coder.ctx = avcodec_alloc_context3(codec);
    coder.ctx->width = (int)in->width;
    coder.ctx->height = (int)in->height;
    coder.ctx->time_base = (AVRational){1, 60};
    coder.ctx->pix_fmt = ten ? AV_PIX_FMT_YUV420P10LE : AV_PIX_FMT_YUV420P;
    coder.ctx->gop_size = 9999;
    coder.ctx->max_b_frames = 0;
    coder.ctx->thread_count = 1;
    coder.ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    tag(coder.ctx, hevc ? &config->hevcConfig.hevcVUIParameters : &config->h264Config.h264VUIParameters);
    av_opt_set(coder.ctx->priv_data, "preset", "ultrafast", 0);
    av_opt_set(coder.ctx->priv_data, "tune", "zerolatency", 0);
    av_opt_set(coder.ctx->priv_data, "crf", "4", 0);
    av_opt_set(coder.ctx->priv_data, "forced-idr", "1", 0);
    if (hevc)
        av_opt_set(coder.ctx->priv_data, "x265-params", "log-level=none:scenecut=0:info=0:pools=1", 0);
    else
        av_opt_set(coder.ctx->priv_data, "x264-params", "scenecut=0", 0);
    assert_int_equal(avcodec_open2(coder.ctx, codec, NULL), 0);
}

static void fill_frame(const struct fake_input *in)
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
    if (is_ten_bit(in)) {
        assert_int_equal(in->format, NV_ENC_BUFFER_FORMAT_YUV420_10BIT);
        fr_repack_y10(f->data[0], out, plane[0], pitch, width, height);
        fr_repack_uv10(f->data[1], f->data[2], out_chroma, plane[1], pitch, width / 2, height / 2);
    } else {
        assert_int_equal(in->format, NV_ENC_BUFFER_FORMAT_NV12);
        for (size_t y = 0; y < height; y++)
            memcpy(f->data[0] + y * out, plane[0] + y * pitch, width);
        fr_repack_uv8(f->data[1], f->data[2], out_chroma, plane[1], pitch, width / 2, height / 2);
    }
    f->pict_type = in->keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    f->pts = coder.ctx->frame_number;
}

static size_t code_sets(const struct fake_input *in, uint8_t *out, size_t room)
{
    open_coder(in);
    assert_true((size_t)coder.ctx->extradata_size <= room);
    memcpy(out, coder.ctx->extradata, (size_t)coder.ctx->extradata_size);
    return (size_t)coder.ctx->extradata_size;
}

static size_t code(const struct fake_input *in, uint8_t *out, size_t room)
{
    open_coder(in);
    fill_frame(in);
    assert_int_equal(avcodec_send_frame(coder.ctx, coder.frame), 0);
    assert_int_equal(avcodec_receive_packet(coder.ctx, coder.packet), 0);
    assert_int_equal((coder.packet->flags & AV_PKT_FLAG_KEY) != 0, in->keyframe);
    const size_t sets = in->with_sets ? code_sets(in, out, room) : 0;
    const size_t bytes = (size_t)coder.packet->size;
    assert_true(sets + bytes <= room);
    memcpy(out + sets, coder.packet->data, bytes);
    av_packet_unref(coder.packet);
    return sets + bytes;
}

void nvenc_coder_install(void)
{
    nvenc_coder_finish();
    fake_nvenc()->code = code;
    fake_nvenc()->code_sets = code_sets;
}
