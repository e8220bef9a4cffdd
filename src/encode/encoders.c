/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/encoder.h"

#include <string.h>

#define NVIDIA "an NVIDIA GPU with NVENC and its driver"
#define INTEL "an Intel GPU and its media driver"
#define VAAPI "a GPU with a VA-API driver (/dev/dri/renderD128)"

#define NVENC_OPTIONS                                                                                        \
    "flags=+low_delay preset=p1 tune=ull zerolatency=1 delay=0 bf=0 rc-lookahead=0 forced-idr=1"
#define QSV_OPTIONS "preset=veryfast async_depth=1 bf=0 forced_idr=1"
#define VAAPI_OPTIONS "async_depth=1 bf=0"

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
     .open = fr_lavc_open},
    {.name = "h264_qsv",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=22",
     .needs = INTEL,
     .open = fr_lavc_open},
    {.name = "h264_vaapi",
     .codec = FR_CODEC_H264,
     .hdr = FR_HDR_NONE,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP qp=22",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
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
     .open = fr_lavc_open},
    {.name = "hevc_qsv",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_SEI,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=23",
     .needs = INTEL,
     .open = fr_lavc_open},
    {.name = "hevc_vaapi",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP qp=23",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
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
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 1,
     .options = NVENC_OPTIONS,
     .quality_options = "rc=constqp qp=90",
     .rate_options = "rc=cbr",
     .needs = NVIDIA,
     .open = fr_lavc_open},
    {.name = "av1_qsv",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = QSV_OPTIONS,
     .quality_options = "global_quality=30",
     .needs = INTEL,
     .open = fr_lavc_open},
    {.name = "av1_vaapi",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_FRAME,
     .vbv_frames = 2,
     .options = VAAPI_OPTIONS,
     .quality_options = "rc_mode=CQP",
     .rate_options = "rc_mode=CBR",
     .needs = VAAPI,
     .open = fr_lavc_open},
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
    return (struct fr_encoder_list){known, sizeof(known) / sizeof(known[0])};
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

fr_status fr_encoder_row_find(struct fr_encoder_row *out, const char *name)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(name);
    if (!codec || codec->type != AVMEDIA_TYPE_VIDEO)
        return FR_ERR_UNSUPPORTED;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!strcmp(known[i].name, name)) {
            *out = known[i];
            return FR_OK;
        }
    }
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
