/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc_config.h"

#include <libavutil/rational.h>

#include <stdio.h>

enum { MAX_CODECS = 32 };

static const uint8_t video_format_unspecified = 5; /* H.264 table E-2 */

struct codec {
    fr_codec codec;
    enum AVCodecID id;
    const GUID *guid;
    const GUID *profile[2]; /* 8 and 10 bit; NULL: none */
    int av_profile[2];
};

static const struct codec *find_codec(fr_codec codec)
{
    static const struct codec codecs[] = {
        {FR_CODEC_H264,
         AV_CODEC_ID_H264,
         &NV_ENC_CODEC_H264_GUID,
         {&NV_ENC_H264_PROFILE_HIGH_GUID, NULL},
         {FF_PROFILE_H264_HIGH, 0}},
        {FR_CODEC_HEVC,
         AV_CODEC_ID_HEVC,
         &NV_ENC_CODEC_HEVC_GUID,
         {&NV_ENC_HEVC_PROFILE_MAIN_GUID, &NV_ENC_HEVC_PROFILE_MAIN10_GUID},
         {FF_PROFILE_HEVC_MAIN, FF_PROFILE_HEVC_MAIN_10}},
#if FR_NVENC_HAS_AV1
        {FR_CODEC_AV1,
         AV_CODEC_ID_AV1,
         &NV_ENC_CODEC_AV1_GUID,
         {&NV_ENC_AV1_PROFILE_MAIN_GUID, &NV_ENC_AV1_PROFILE_MAIN_GUID},
         {FF_PROFILE_AV1_MAIN, FF_PROFILE_AV1_MAIN}},
#endif
    };
    for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
        if (codecs[i].codec == codec)
            return &codecs[i];
    return NULL;
}

static const GUID *preset_guid(uint32_t preset)
{
    static const GUID *const guids[] = {
        &NV_ENC_PRESET_P1_GUID, &NV_ENC_PRESET_P2_GUID, &NV_ENC_PRESET_P3_GUID, &NV_ENC_PRESET_P4_GUID,
        &NV_ENC_PRESET_P5_GUID, &NV_ENC_PRESET_P6_GUID, &NV_ENC_PRESET_P7_GUID};
    return guids[preset - 1];
}

/* --- what this GPU can --- */

static fr_status check_codec(struct fr_nvenc_session *s, const struct codec *codec)
{
    GUID guids[MAX_CODECS];
    uint32_t count = 0;
    const NVENCSTATUS status = s->api.nvEncGetEncodeGUIDs(s->handle, guids, MAX_CODECS, &count);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not tell its codecs", status);
    for (uint32_t i = 0; i < count && i < MAX_CODECS; i++)
        if (fr_nvenc_same_guid(&guids[i], codec->guid))
            return FR_OK;
    snprintf(s->reason, FR_REASON_BYTES, "this GPU's NVENC does not encode %s: choose another codec",
             fr_codec_name(codec->codec));
    return FR_ERR_ENCODER;
}

static fr_status get_cap(struct fr_nvenc_session *s, const struct codec *codec, NV_ENC_CAPS cap, int *out)
{
    NV_ENC_CAPS_PARAM param = {.version = NV_ENC_CAPS_PARAM_VER, .capsToQuery = cap};
    *out = 0;
    const NVENCSTATUS status = s->api.nvEncGetEncodeCaps(s->handle, *codec->guid, &param, out);
    return status == NV_ENC_SUCCESS ? FR_OK : fr_nvenc_fail(s, "NVENC does not tell what it can", status);
}

struct caps {
    int ten_bit, async, custom_vbv, min_width, max_width, min_height, max_height;
};

static fr_status get_caps(struct fr_nvenc_session *s, const struct codec *codec, struct caps *out)
{
    const struct {
        NV_ENC_CAPS cap;
        int *value;
    } wanted[] = {
        {NV_ENC_CAPS_SUPPORT_10BIT_ENCODE, &out->ten_bit},
        {NV_ENC_CAPS_ASYNC_ENCODE_SUPPORT, &out->async},
        {NV_ENC_CAPS_SUPPORT_CUSTOM_VBV_BUF_SIZE, &out->custom_vbv},
        {NV_ENC_CAPS_WIDTH_MIN, &out->min_width},
        {NV_ENC_CAPS_WIDTH_MAX, &out->max_width},
        {NV_ENC_CAPS_HEIGHT_MIN, &out->min_height},
        {NV_ENC_CAPS_HEIGHT_MAX, &out->max_height},
    };
    fr_status status = FR_OK;
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]) && status == FR_OK; i++)
        status = get_cap(s, codec, wanted[i].cap, wanted[i].value);
    return status;
}

static fr_status check_caps(struct fr_nvenc_session *s, const struct codec *codec, const struct caps *caps,
                            const struct fr_encoder_config *config)
{
    if (config->format == FR_FORMAT_P010 && (!caps->ten_bit || !codec->profile[1])) {
        snprintf(s->reason, FR_REASON_BYTES, "this GPU's NVENC does not encode %s with 10 bit",
                 fr_codec_name(codec->codec));
        return FR_ERR_UNSUPPORTED;
    }
    const int width = (int)(config->width & ~1u), height = (int)(config->height & ~1u);
    if (width >= caps->min_width && width <= caps->max_width && height >= caps->min_height &&
        height <= caps->max_height)
        return FR_OK;
    snprintf(s->reason, FR_REASON_BYTES, "this GPU's NVENC encodes %s from %dx%d to %dx%d, not %ux%u",
             fr_codec_name(codec->codec), caps->min_width, caps->min_height, caps->max_width,
             caps->max_height, config->width, config->height);
    return FR_ERR_ENCODER;
}

/* --- how it shall encode --- */

static void set_rate_control(NV_ENC_RC_PARAMS *rc, const struct fr_encoder_row *row,
                             const struct fr_encoder_config *config, const struct fr_nvenc_settings *settings,
                             bool custom_vbv)
{
    rc->version = NV_ENC_RC_PARAMS_VER;
    rc->rateControlMode = settings->rate_control;
    rc->multiPass = settings->multi_pass;
    rc->enableAQ = settings->spatial_aq;
    rc->enableLookahead = 0;
    rc->lookaheadDepth = 0;
    rc->zeroReorderDelay = 1;
    if (settings->rate_control == NV_ENC_PARAMS_RC_CONSTQP) {
        rc->constQP = (NV_ENC_QP){settings->qp, settings->qp, settings->qp};
        return;
    }
    const uint64_t rate = (uint64_t)config->bitrate_kbps * 1000;
    rc->averageBitRate = rc->maxBitRate = rate < UINT32_MAX ? (uint32_t)rate : UINT32_MAX;
    /* Else the driver's own buffer of a second or so lets frames grow far beyond their share. */
    const uint64_t vbv = rate * 1000 / config->fps_mhz * row->vbv_frames;
    if (custom_vbv)
        rc->vbvBufferSize = rc->vbvInitialDelay = vbv < UINT32_MAX ? (uint32_t)vbv : UINT32_MAX;
}

static void set_vui(NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui, const fr_colour *colour)
{
    memset(vui, 0, sizeof(*vui));
    vui->videoSignalTypePresentFlag = 1;
    vui->videoFormat = video_format_unspecified;
    vui->videoFullRangeFlag = colour->full_range;
    vui->colourDescriptionPresentFlag = 1;
    vui->colourPrimaries = colour->primaries;
    vui->transferCharacteristics = colour->transfer;
    vui->colourMatrix = colour->matrix;
    vui->chromaSampleLocationFlag = 1;
    vui->chromaSampleLocationTop = vui->chromaSampleLocationBot = colour->chroma_location;
    /* Decoders then know that nothing is reordered, and show each frame at once. */
    vui->bitstreamRestrictionFlag = 1;
}

static void set_h264(NV_ENC_CONFIG_H264 *h264, const struct fr_encoder_config *config)
{
    h264->idrPeriod = NVENC_INFINITE_GOPLENGTH;
    h264->chromaFormatIDC = 1;
    h264->disableSPSPPS = config->global_header;
    h264->repeatSPSPPS = !config->global_header;
#if FR_NVENC_HAS_BIT_DEPTHS
    h264->inputBitDepth = h264->outputBitDepth = NV_ENC_BIT_DEPTH_8;
#endif
    set_vui(&h264->h264VUIParameters, &config->colour);
}

static void set_hevc(NV_ENC_CONFIG_HEVC *hevc, const struct fr_encoder_config *config)
{
    const bool ten = config->format == FR_FORMAT_P010;
    hevc->idrPeriod = NVENC_INFINITE_GOPLENGTH;
    hevc->chromaFormatIDC = 1;
    hevc->disableSPSPPS = config->global_header;
    hevc->repeatSPSPPS = !config->global_header;
#if FR_NVENC_HAS_BIT_DEPTHS
    hevc->inputBitDepth = hevc->outputBitDepth = ten ? NV_ENC_BIT_DEPTH_10 : NV_ENC_BIT_DEPTH_8;
#else
    hevc->pixelBitDepthMinus8 = ten ? 2 : 0;
#endif
    set_vui(&hevc->hevcVUIParameters, &config->colour);
}

#if FR_NVENC_HAS_AV1
static void set_av1(NV_ENC_CONFIG_AV1 *av1, const struct fr_encoder_config *config)
{
    const bool ten = config->format == FR_FORMAT_P010;
    av1->idrPeriod = NVENC_INFINITE_GOPLENGTH;
    av1->chromaFormatIDC = 1;
    av1->disableSeqHdr = config->global_header;
    av1->repeatSeqHdr = !config->global_header;
#if FR_NVENC_HAS_BIT_DEPTHS
    av1->inputBitDepth = av1->outputBitDepth = ten ? NV_ENC_BIT_DEPTH_10 : NV_ENC_BIT_DEPTH_8;
#else
    av1->inputPixelBitDepthMinus8 = av1->pixelBitDepthMinus8 = ten ? 2 : 0;
#endif
    av1->colorPrimaries = config->colour.primaries;
    av1->transferCharacteristics = config->colour.transfer;
    av1->matrixCoefficients = config->colour.matrix;
    av1->colorRange = config->colour.full_range;
    /* AV1's own numbers: 1 is H.273's 0 (left), 2 is its 2 (top left), 0 is unknown. */
    av1->chromaSamplePosition = config->colour.chroma_location == 0   ? 1
                                : config->colour.chroma_location == 2 ? 2
                                                                      : 0;
}
#endif

static void set_codec(NV_ENC_CODEC_CONFIG *out, fr_codec codec, const struct fr_encoder_config *config)
{
    switch (codec) {
    case FR_CODEC_H264: set_h264(&out->h264Config, config); break;
    case FR_CODEC_HEVC: set_hevc(&out->hevcConfig, config); break;
#if FR_NVENC_HAS_AV1
    case FR_CODEC_AV1: set_av1(&out->av1Config, config); break;
#endif
    default: break;
    }
}

static fr_status get_preset(struct fr_nvenc_session *s, const struct codec *codec,
                            const struct fr_nvenc_settings *settings, NV_ENC_PRESET_CONFIG *out)
{
    *out = (NV_ENC_PRESET_CONFIG){.version = NV_ENC_PRESET_CONFIG_VER,
                                  .presetCfg = {.version = NV_ENC_CONFIG_VER}};
    const NVENCSTATUS status = s->api.nvEncGetEncodePresetConfigEx(
        s->handle, *codec->guid, *preset_guid(settings->preset), settings->tuning, out);
    return status == NV_ENC_SUCCESS ? FR_OK : fr_nvenc_fail(s, "NVENC lacks the preset", status);
}

static fr_status initialize(struct fr_nvenc_session *s, const struct fr_encoder_config *config,
                            const struct codec *codec, const struct fr_nvenc_settings *settings,
                            NV_ENC_CONFIG *encode, bool async)
{
    const uint32_t width = config->width & ~1u, height = config->height & ~1u;
    AVRational rate;
    av_reduce(&rate.num, &rate.den, config->fps_mhz, 1000, INT32_MAX);
    NV_ENC_INITIALIZE_PARAMS params = {.version = NV_ENC_INITIALIZE_PARAMS_VER,
                                       .encodeGUID = *codec->guid,
                                       .presetGUID = *preset_guid(settings->preset),
                                       .tuningInfo = settings->tuning,
                                       .encodeWidth = width,
                                       .encodeHeight = height,
                                       .darWidth = width,
                                       .darHeight = height,
                                       .frameRateNum = (uint32_t)rate.num,
                                       .frameRateDen = (uint32_t)rate.den,
                                       .enableEncodeAsync = async,
                                       .enablePTD = 1,
                                       .encodeConfig = encode};
    const NVENCSTATUS status = s->api.nvEncInitializeEncoder(s->handle, &params);
    return status == NV_ENC_SUCCESS ? FR_OK : fr_nvenc_fail(s, "NVENC refuses the settings", status);
}

fr_status fr_nvenc_initialize(struct fr_nvenc_session *s, const struct fr_encoder_row *row,
                              const struct fr_encoder_config *config,
                              const struct fr_nvenc_settings *settings, struct fr_nvenc_traits *out)
{
    const bool ten = config->format == FR_FORMAT_P010;
    const struct codec *codec = find_codec(row->codec);
    struct caps caps = {0};
    NV_ENC_PRESET_CONFIG preset;
    if (!codec) {
        snprintf(s->reason, FR_REASON_BYTES,
                 "this build's nvEncodeAPI.h does not know %s: build with version 12 or newer",
                 fr_codec_name(row->codec));
        return FR_ERR_UNSUPPORTED;
    }
    fr_status status = check_codec(s, codec);
    if (status == FR_OK)
        status = get_caps(s, codec, &caps);
    if (status == FR_OK)
        status = check_caps(s, codec, &caps, config);
    if (status == FR_OK)
        status = get_preset(s, codec, settings, &preset);
    if (status != FR_OK)
        return status;
    NV_ENC_CONFIG *encode = &preset.presetCfg;
    encode->version = NV_ENC_CONFIG_VER;
    encode->profileGUID = *codec->profile[ten];
    /* Keyframes come when they are forced, and only then. */
    encode->gopLength = NVENC_INFINITE_GOPLENGTH;
    encode->frameIntervalP = 1;
    set_rate_control(&encode->rcParams, row, config, settings, caps.custom_vbv);
    set_codec(&encode->encodeCodecConfig, codec->codec, config);
    *out = (struct fr_nvenc_traits){.async = caps.async != 0,
                                    .format =
                                        ten ? NV_ENC_BUFFER_FORMAT_YUV420_10BIT : NV_ENC_BUFFER_FORMAT_NV12,
                                    .codec = codec->id,
                                    .profile = codec->av_profile[ten],
                                    .width = config->width & ~1u,
                                    .height = config->height & ~1u};
    return initialize(s, config, codec, settings, encode, out->async);
}
