/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Configurations, contexts and pictures. */
#include "fake_va_inside.h"

#include "encode/coder.h"

#include <va/va_enc_h264.h>
#include <va/va_enc_hevc.h>

#include <stdlib.h>
#include <string.h>

enum { CONFIGS_MAX = 16 };

struct headers {
    uint8_t data[HEADERS_MAX];
    size_t bytes;
};

static struct {
    bool used;
    VAProfile profile;
} configs[CONFIGS_MAX];

/* One encoder at a time. */
static struct {
    bool used, in_picture;
    uint32_t number; /* of all that there were */
    VAProfile profile;
    VASurfaceID input;
    VAEncSequenceParameterBufferH264 h264;
    VAEncPictureParameterBufferH264 h264_picture;
    VAEncSliceParameterBufferH264 h264_slice;
    VAEncPictureParameterBufferHEVC hevc_picture;
    VAEncPackedHeaderParameterBuffer packed; /* of the data that comes next */
    struct headers sets, others, slice;      /* of this picture; parameter sets stay */
    size_t slice_bits;
} encoder;

static const VAProfile profiles[] = {VAProfileH264ConstrainedBaseline, VAProfileH264Main, VAProfileH264High,
                                     VAProfileHEVCMain, VAProfileHEVCMain10};

static bool is_hevc(VAProfile profile)
{
    return profile == VAProfileHEVCMain || profile == VAProfileHEVCMain10;
}

/* ---- configurations ---- */

static VAStatus query_profiles(VADriverContextP context, VAProfile *out, int *num)
{
    (void)context;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    memcpy(out, profiles, sizeof(profiles));
    *num = sizeof(profiles) / sizeof(profiles[0]);
    return VA_STATUS_SUCCESS;
}

static VAStatus query_entrypoints(VADriverContextP context, VAProfile profile, VAEntrypoint *out, int *num)
{
    (void)context, (void)profile;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    out[0] = VAEntrypointEncSlice;
    *num = 1;
    return VA_STATUS_SUCCESS;
}

static uint32_t attribute(VAProfile profile, VAConfigAttribType type)
{
    switch ((int)type) {
    case VAConfigAttribRTFormat:
        return profile == VAProfileHEVCMain10 ? VA_RT_FORMAT_YUV420_10 : VA_RT_FORMAT_YUV420;
    case VAConfigAttribRateControl: return VA_RC_CQP | VA_RC_CBR | VA_RC_VBR;
    case VAConfigAttribEncPackedHeaders:
        return VA_ENC_PACKED_HEADER_SEQUENCE | VA_ENC_PACKED_HEADER_PICTURE | VA_ENC_PACKED_HEADER_SLICE |
               VA_ENC_PACKED_HEADER_MISC | VA_ENC_PACKED_HEADER_RAW_DATA;
    case VAConfigAttribEncMaxRefFrames:
    case VAConfigAttribEncMaxSlices: return 1;
    default: return VA_ATTRIB_NOT_SUPPORTED;
    }
}

static VAStatus get_attributes(VADriverContextP context, VAProfile profile, VAEntrypoint entrypoint,
                               VAConfigAttrib *list, int num)
{
    (void)context, (void)entrypoint;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    for (int i = 0; i < num; i++)
        list[i].value = attribute(profile, list[i].type);
    return VA_STATUS_SUCCESS;
}

static VAStatus create_config(VADriverContextP context, VAProfile profile, VAEntrypoint entrypoint,
                              VAConfigAttrib *list, int num, VAConfigID *out)
{
    VAConfigID at = 0;
    (void)context, (void)list, (void)num;
    while (at < CONFIGS_MAX && configs[at].used)
        at++;
    if (!fake_va_call() || at == CONFIGS_MAX || entrypoint != VAEntrypointEncSlice)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    configs[at].used = true;
    configs[at].profile = profile;
    *out = at + 1;
    fake_va()->configs.made++;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_config(VADriverContextP context, VAConfigID id)
{
    (void)context;
    (void)fake_va_call();
    if (!fake_va_expect(id >= 1 && id <= CONFIGS_MAX && configs[id - 1].used,
                        "a configuration that there is not"))
        return VA_STATUS_ERROR_INVALID_CONFIG;
    configs[id - 1].used = false;
    fake_va()->configs.undone++;
    return VA_STATUS_SUCCESS;
}

static VAStatus query_config_attributes(VADriverContextP context, VAConfigID id, VAProfile *profile,
                                        VAEntrypoint *entrypoint, VAConfigAttrib *list, int *num)
{
    (void)context, (void)list;
    *profile = configs[id - 1].profile;
    *entrypoint = VAEntrypointEncSlice;
    *num = 0;
    return VA_STATUS_SUCCESS;
}

/* ---- contexts ---- */

static VAStatus create_context(VADriverContextP context, VAConfigID config, int width, int height, int flags,
                               VASurfaceID *targets, int num, VAContextID *out)
{
    (void)context, (void)width, (void)height, (void)flags, (void)targets, (void)num;
    if (!fake_va_call() || encoder.used)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    const uint32_t number = encoder.number + 1;
    memset(&encoder, 0, sizeof(encoder));
    encoder.used = true;
    encoder.number = number;
    encoder.profile = configs[config - 1].profile;
    *out = number;
    fake_va()->contexts.made++;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_context(VADriverContextP context, VAContextID id)
{
    (void)context;
    (void)fake_va_call();
    if (!fake_va_expect(encoder.used && id == encoder.number, "a context that there is not"))
        return VA_STATUS_ERROR_INVALID_CONTEXT;
    (void)fake_va_expect(!encoder.in_picture, "destroyed in a picture");
    encoder.used = false;
    coder_finish();
    fake_va()->contexts.undone++;
    return VA_STATUS_SUCCESS;
}

/* ---- pictures ---- */

static VAStatus begin_picture(VADriverContextP context, VAContextID id, VASurfaceID surface)
{
    (void)context;
    if (!fake_va_call() || !encoder.used || id != encoder.number || !fake_va_surface_of(surface))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    encoder.in_picture = true;
    encoder.input = surface;
    encoder.others.bytes = encoder.slice.bytes = 0;
    encoder.h264_picture.coded_buf = encoder.hevc_picture.coded_buf = 0;
    return VA_STATUS_SUCCESS;
}

static void add_header(struct headers *headers, const struct fake_va_buffer *buffer)
{
    if (!fake_va_expect(headers->bytes + buffer->size <= HEADERS_MAX, "long headers"))
        return;
    memcpy(headers->data + headers->bytes, buffer->data, buffer->size);
    headers->bytes += buffer->size;
}

static void take_header(const struct fake_va_buffer *buffer)
{
    const unsigned bytes = (encoder.packed.bit_length + 7) / 8;
    (void)fake_va_expect(bytes <= buffer->size, "a header shorter than it says");
    if (encoder.packed.type == VAEncPackedHeaderSequence) {
        encoder.sets.bytes = 0;
        add_header(&encoder.sets, buffer);
    } else if (encoder.packed.type == VAEncPackedHeaderSlice) {
        add_header(&encoder.slice, buffer);
        encoder.slice_bits = encoder.packed.bit_length;
    } else {
        add_header(&encoder.others, buffer);
    }
}

static void copy(void *out, size_t bytes, const struct fake_va_buffer *buffer)
{
    if (fake_va_expect(buffer->size >= bytes, "a short parameter buffer"))
        memcpy(out, buffer->data, bytes);
}

static void render(const struct fake_va_buffer *buffer)
{
    const bool hevc = is_hevc(encoder.profile);
    switch ((int)buffer->type) {
    case VAEncSequenceParameterBufferType:
        if (!hevc)
            copy(&encoder.h264, sizeof(encoder.h264), buffer);
        break;
    case VAEncPictureParameterBufferType:
        if (hevc)
            copy(&encoder.hevc_picture, sizeof(encoder.hevc_picture), buffer);
        else
            copy(&encoder.h264_picture, sizeof(encoder.h264_picture), buffer);
        break;
    case VAEncSliceParameterBufferType:
        if (!hevc)
            copy(&encoder.h264_slice, sizeof(encoder.h264_slice), buffer);
        break;
    case VAEncPackedHeaderParameterBufferType: copy(&encoder.packed, sizeof(encoder.packed), buffer); break;
    case VAEncPackedHeaderDataBufferType: take_header(buffer); break;
    default: break;
    }
}

static VAStatus render_picture(VADriverContextP context, VAContextID id, VABufferID *ids, int num)
{
    (void)context;
    if (!fake_va_call() || !encoder.in_picture || id != encoder.number)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    for (int i = 0; i < num; i++) {
        const struct fake_va_buffer *buffer = fake_va_buffer_of(ids[i]);
        if (!buffer)
            return VA_STATUS_ERROR_INVALID_BUFFER;
        render(buffer);
    }
    return VA_STATUS_SUCCESS;
}

static size_t put(uint8_t *out, size_t at, const struct headers *headers)
{
    memcpy(out + at, headers->data, headers->bytes);
    return at + headers->bytes;
}

static size_t encode_h264(const struct fake_va_surface *input, uint8_t *out, bool keyframe)
{
    const uint32_t kind = encoder.h264_slice.slice_type % 5;
    (void)fake_va_expect(!encoder.h264_picture.pic_fields.bits.entropy_coding_mode_flag, "CABAC");
    (void)fake_va_expect(keyframe ? kind == 2 : kind == 0 || kind == 2, "another kind of slice");
    (void)fake_va_expect(encoder.slice.bytes > 0, "no slice header");
    size_t bytes = keyframe ? put(out, 0, &encoder.sets) : 0;
    bytes = put(out, bytes, &encoder.others);
    return bytes + fake_va_pcm_slice(input, encoder.h264.picture_width_in_mbs,
                                     encoder.h264.picture_height_in_mbs, kind == 2, encoder.slice.data,
                                     encoder.slice_bits, out + bytes, CODED_MAX - bytes);
}

/* What the parameter sets say, which no buffer does: the size without padding, and the colours. */
static bool read_sets(struct coder_input *in)
{
    AVCodecContext *ctx = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_HEVC));
    ctx->extradata = av_mallocz(encoder.sets.bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(ctx->extradata, encoder.sets.data, encoder.sets.bytes);
    ctx->extradata_size = (int)encoder.sets.bytes;
    const bool read = avcodec_open2(ctx, ctx->codec, NULL) == 0 && ctx->width > 0;
    in->width = (uint32_t)ctx->width;
    in->height = (uint32_t)ctx->height;
    in->primaries = ctx->color_primaries;
    in->transfer = ctx->color_trc;
    in->matrix = ctx->colorspace;
    in->range = ctx->color_range;
    in->location = ctx->chroma_sample_location;
    avcodec_free_context(&ctx);
    return read;
}

static size_t encode_hevc(const struct fake_va_surface *input, uint8_t *out, bool keyframe)
{
    struct coder_input in = {
        .stream = encoder.number,
        .hevc = true,
        .ten_bit = encoder.profile == VAProfileHEVCMain10,
        .lossless = true,
        .plane = {input->plane[0], input->plane[1]},
        .pitch_bytes = input->pitch[0],
        .keyframe = keyframe,
    };
    if (!fake_va_expect(read_sets(&in), "parameter sets that FFmpeg does not read") ||
        !fake_va_expect(in.width <= input->width && in.height <= input->height, "larger than the surface") ||
        !fake_va_expect(in.ten_bit == (input->fourcc == VA_FOURCC_P010), "a surface of another depth"))
        return 0;
    size_t bytes = keyframe ? coder_sets(&in, out, CODED_MAX) : 0;
    bytes = put(out, bytes, &encoder.others);
    return bytes + coder_picture(&in, out + bytes, CODED_MAX - bytes);
}

static bool encode(const struct fake_va_surface *input, struct fake_va_buffer *coded)
{
    const bool hevc = is_hevc(encoder.profile);
    const bool keyframe = hevc ? encoder.hevc_picture.pic_fields.bits.idr_pic_flag
                               : encoder.h264_picture.pic_fields.bits.idr_pic_flag;
    if (!fake_va_expect(coded->type == VAEncCodedBufferType && !coded->mapped, "no buffer for what is coded"))
        return false;
    fake_va_read(input, true);
    coded->coded.size = (unsigned)(hevc ? encode_hevc(input, coded->data, keyframe)
                                        : encode_h264(input, coded->data, keyframe));
    fake_va_read(input, false);
    fake_va()->frames++;
    fake_va()->keyframes += keyframe;
    return true;
}

/* FFmpeg ends also what did not begin, or was not told what to code into. */
static VAStatus end_picture(VADriverContextP context, VAContextID id)
{
    const bool begun = encoder.in_picture && id == encoder.number;
    const VABufferID into =
        is_hevc(encoder.profile) ? encoder.hevc_picture.coded_buf : encoder.h264_picture.coded_buf;
    (void)context;
    encoder.in_picture = false;
    if (!fake_va_call() || !begun || !into)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    const struct fake_va_surface *input = fake_va_surface_of(encoder.input);
    struct fake_va_buffer *coded = fake_va_buffer_of(into);
    return input && coded && encode(input, coded) ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_OPERATION_FAILED;
}

void fake_va_encode_functions(struct VADriverVTable *table)
{
    table->vaQueryConfigProfiles = query_profiles;
    table->vaQueryConfigEntrypoints = query_entrypoints;
    table->vaQueryConfigAttributes = query_config_attributes;
    table->vaCreateConfig = create_config;
    table->vaDestroyConfig = destroy_config;
    table->vaGetConfigAttributes = get_attributes;
    table->vaCreateContext = create_context;
    table->vaDestroyContext = destroy_context;
    table->vaBeginPicture = begin_picture;
    table->vaRenderPicture = render_picture;
    table->vaEndPicture = end_picture;
}
