/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "nvenc_coder.h"

#include "coder.h"
#include "fake_nvenc.h"
#include "support.h"

#include <string.h>

static void tag(struct coder_input *out, const NV_ENC_CONFIG_H264_VUI_PARAMETERS *vui)
{
    if (vui->videoSignalTypePresentFlag)
        out->range = vui->videoFullRangeFlag ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (vui->videoSignalTypePresentFlag && vui->colourDescriptionPresentFlag) {
        out->primaries = (enum AVColorPrimaries)vui->colourPrimaries;
        out->transfer = (enum AVColorTransferCharacteristic)vui->transferCharacteristics;
        out->matrix = (enum AVColorSpace)vui->colourMatrix;
    }
    if (vui->chromaSampleLocationFlag)
        out->location = (enum AVChromaLocation)(vui->chromaSampleLocationTop + 1);
}

static struct coder_input input_of(const struct fake_input *in)
{
    const NV_ENC_CODEC_CONFIG *config = &in->config->encodeCodecConfig;
    const bool hevc = !memcmp(&in->codec, &NV_ENC_CODEC_HEVC_GUID, sizeof(in->codec));
    struct coder_input out = {
        .stream = in->session,
        .hevc = hevc,
        .ten_bit = !memcmp(&in->config->profileGUID, &NV_ENC_HEVC_PROFILE_MAIN10_GUID, sizeof(GUID)),
        .width = in->width,
        .height = in->height,
        .primaries = AVCOL_PRI_UNSPECIFIED,
        .transfer = AVCOL_TRC_UNSPECIFIED,
        .matrix = AVCOL_SPC_UNSPECIFIED,
        .plane = {in->plane[0], in->plane[1]},
        .pitch_bytes = in->pitch_bytes,
        .keyframe = in->keyframe,
    };
    tag(&out, hevc ? &config->hevcConfig.hevcVUIParameters : &config->h264Config.h264VUIParameters);
    return out;
}

static size_t code_sets(const struct fake_input *in, uint8_t *out, size_t room)
{
    const struct coder_input input = input_of(in);
    return coder_sets(&input, out, room);
}

static size_t code(const struct fake_input *in, uint8_t *out, size_t room)
{
    const struct coder_input input = input_of(in);
    assert_int_equal(in->format,
                     input.ten_bit ? NV_ENC_BUFFER_FORMAT_YUV420_10BIT : NV_ENC_BUFFER_FORMAT_NV12);
    const size_t sets = in->with_sets ? coder_sets(&input, out, room) : 0;
    return sets + coder_picture(&input, out + sets, room - sets);
}

void nvenc_coder_install(void)
{
    coder_finish();
    fake_nvenc()->code = code;
    fake_nvenc()->code_sets = code_sets;
}
