/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/encoder.h"
#include "encode/gpu_feeder.h"
#include "encode/nvenc.h"

#include <string.h>

#define NVIDIA "an NVIDIA GPU with NVENC and its driver"
#define INTEL "an Intel GPU and its media driver"
#define VAAPI "a GPU with a VA-API driver (/dev/dri/renderD128)"
#define MEDIA_FOUNDATION "a GPU whose driver brings a Media Foundation encoder"

#ifdef FR_NVENC_API
/* The rest of what FFmpeg's wrapper is told is how nvenc.c always encodes. */
#define NVENC_OPTIONS "preset=p1 tune=ull"
#define NVENC_OPEN .open = fr_nvenc_open, .check_options = fr_nvenc_check_options
#define NVENC_AV1_HDR FR_HDR_SEI
#define DEVICE_OF fr_nvenc_device_of
#else
#define NVENC_OPTIONS                                                                                        \
    "flags=+low_delay preset=p1 tune=ull zerolatency=1 delay=0 bf=0 rc-lookahead=0 forced-idr=1 "            \
    "i_qfactor=1 b_qfactor=1"
#define NVENC_OPEN .open = fr_lavc_open
#define NVENC_AV1_HDR FR_HDR_FRAME
#ifdef __linux__
#define DEVICE_OF fr_gpu_device_of
#else
#define DEVICE_OF NULL
#endif
#endif
#define QSV_OPTIONS "preset=veryfast async_depth=1 bf=0 forced_idr=1"
#define VAAPI_OPTIONS "async_depth=1 bf=0"
#define MEDIA_FOUNDATION_OPTIONS "hw_encoding=1 scenario=display_remoting bf=0"

/* The order within a codec is the order in which they are tried. 10 bit H.264 exists in libx264 alone.
 * Presets are what two cores encode at 1080p60 beside the rest; SVT-AV1 1.4 has neither forced keyframes nor
 * a maximal rate in low delay mode. */
static const struct fr_encoder_row known[] = {
    {.name = "h264_nvenc",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 1,
     .options = NVENC_OPTIONS,
     .quality_options = "rc=constqp qp=22",
     .rate_options = "rc=cbr",
     .needs = NVIDIA,
     NVENC_OPEN},
    {.name = "h264_qsv",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=22",
     .needs = INTEL,
     .open = fr_lavc_open},
#ifdef _WIN32
    {.name = "h264_mf",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = MEDIA_FOUNDATION_OPTIONS,
     .quality_options = "rate_control=quality quality=75",
     .rate_options = "rate_control=cbr",
     .needs = MEDIA_FOUNDATION,
     .open = fr_lavc_open},
#else
    {.name = "h264_vaapi",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP qp=22",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
#endif
    {.name = "libx264",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_SEI,
     .vbv_frames = 8,
     .options = "preset=ultrafast tune=zerolatency forced-idr=1",
     .quality_options = "crf=21",
     .params_key = "x264-params",
     .open = fr_lavc_open},
    {.name = "hevc_nvenc",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_SEI,
     .vbv_frames = 1,
     .options = NVENC_OPTIONS,
     .quality_options = "rc=constqp qp=23",
     .rate_options = "rc=cbr",
     .needs = NVIDIA,
     NVENC_OPEN},
    {.name = "hevc_qsv",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_SEI,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=23",
     .needs = INTEL,
     .open = fr_lavc_open},
#ifdef _WIN32
    {.name = "hevc_mf",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = MEDIA_FOUNDATION_OPTIONS,
     .quality_options = "rate_control=quality quality=70",
     .rate_options = "rate_control=cbr",
     .needs = MEDIA_FOUNDATION,
     .open = fr_lavc_open},
#else
    {.name = "hevc_vaapi",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP qp=23",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
#endif
    {.name = "libx265",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_SEI,
     .vbv_frames = 8,
     .options = "preset=ultrafast tune=zerolatency forced-idr=1 x265-params=log-level=none",
     .quality_options = "crf=24",
     .params_key = "x265-params",
     .threads_key = "pools",
     .open = fr_lavc_open},
    {.name = "av1_nvenc",
     .codec = FR_CODEC_AV1,
     .hdr = NVENC_AV1_HDR,
     .vbv_frames = 1,
     .options = NVENC_OPTIONS,
     .quality_options = "rc=constqp qp=90",
     .rate_options = "rc=cbr",
     .needs = NVIDIA,
     NVENC_OPEN},
    {.name = "av1_qsv",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=30",
     .needs = INTEL,
     .open = fr_lavc_open},
#ifndef _WIN32
    {.name = "av1_vaapi",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
#endif
    {.name = "libsvtav1",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_OPTIONS,
     .vbv_frames = 8,
     .options = "preset=11 svtav1-params=pred-struct=1",
     .quality_options = "crf=35",
     .rate_options = "maxrate=0",
     .params_key = "svtav1-params",
     .threads_key = "lp",
     .ignores_keyframe = true,
     .open = fr_lavc_open},
};

struct fr_encoder_list fr_encoder_list_known(void)
{
    return (struct fr_encoder_list){known, sizeof(known) / sizeof(known[0]), DEVICE_OF};
}

fr_codec fr_codec_from_id(enum AVCodecID id)
{
    switch (id) {
    case AV_CODEC_ID_H264: return FR_CODEC_H264;
    case AV_CODEC_ID_HEVC: return FR_CODEC_HEVC;
    case AV_CODEC_ID_AV1: return FR_CODEC_AV1;
    default: return FR_CODEC_DEFAULT;
    }
}

const char *fr_codec_name(fr_codec codec)
{
    switch (codec) {
    case FR_CODEC_H264: return "h264";
    case FR_CODEC_HEVC: return "hevc";
    case FR_CODEC_AV1: return "av1";
    case FR_CODEC_DEFAULT: break;
    }
    return "default";
}

bool fr_encoder_row_built_in(const struct fr_encoder_row *row)
{
    return row->open != fr_lavc_open || avcodec_find_encoder_by_name(row->name);
}

fr_status fr_encoder_row_check(const struct fr_encoder_row *row, const char *options,
                               char reason[FR_REASON_BYTES])
{
    if (row->check_options)
        return row->check_options(row, options, reason);
    return fr_lavc_check_options(avcodec_find_encoder_by_name(row->name), options, reason);
}

fr_status fr_encoder_row_find(struct fr_encoder_row *out, const char *name)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!strcmp(known[i].name, name) && fr_encoder_row_built_in(&known[i])) {
            *out = known[i];
            return FR_OK;
        }
    }
    if (!codec || codec->type != AVMEDIA_TYPE_VIDEO)
        return FR_ERR_UNSUPPORTED;
    const fr_codec kind = fr_codec_from_id(codec->id);
    const bool has_sei = kind == FR_CODEC_H264 || kind == FR_CODEC_HEVC;
    *out = (struct fr_encoder_row){.name = codec->name,
                                   .codec = kind,
                                   .hdr = !fr_lavc_takes(codec, FR_FORMAT_P010) ? FR_HDR_NONE
                                          : has_sei                             ? FR_HDR_SEI
                                                                                : FR_HDR_FRAME,
                                   .vbv_frames = 8,
                                   .options = "bf=0",
                                   .open = fr_lavc_open};
    return FR_OK;
}
