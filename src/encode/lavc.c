/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/av_vaapi.h"
#include "encode/encoder.h"
#include "encode/feeder.h"
#include "encode/gpu_feeder.h"
#include "encode/hdr.h"
#include "encode/sei.h"

#include <libavutil/avstring.h>
#include <libavutil/hwcontext.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>

#include <stdio.h>
#include <string.h>

enum {
    /* Above AV_LOG_TRACE even for errors: FFmpeg's own lines do not reach the terminal; we say what
     * failed. */
    SILENT = AV_LOG_TRACE,
    HW_POOL_FRAMES = 8,
};

struct lavc_encoder {
    struct fr_encoder base;
    AVCodecContext *ctx;
    AVFrame *frame; /* blank between calls */
    struct fr_feeder feeder;
    struct fr_gpu_feeder *gpu; /* instead of it; NULL: frames come in memory */
    enum fr_hdr_way hdr_way;
    bool has_hdr;
    fr_hdr_metadata hdr; /* of the newest frame */
};

static enum AVPixelFormat memory_format(const AVCodec *codec, fr_format format)
{
    static const enum AVPixelFormat sdr[] = {AV_PIX_FMT_NV12, AV_PIX_FMT_YUV420P};
    static const enum AVPixelFormat hdr[] = {AV_PIX_FMT_P010LE, AV_PIX_FMT_YUV420P10LE};
    const enum AVPixelFormat *wanted = format == FR_FORMAT_P010 ? hdr : sdr;
    /* No list: the encoder asks its device (V4L2). */
    if (!codec->pix_fmts)
        return format == FR_FORMAT_NV12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_NONE;
    for (size_t i = 0; i < 2; i++)
        for (const enum AVPixelFormat *has = codec->pix_fmts; has && *has != AV_PIX_FMT_NONE; has++)
            if (*has == wanted[i])
                return wanted[i];
    return AV_PIX_FMT_NONE;
}

/* The kind of device whose frames the encoder takes, where it takes nothing else. */
static enum AVHWDeviceType device_type(const AVCodec *codec, enum AVPixelFormat *format)
{
    const AVCodecHWConfig *hw;
    for (int i = 0; (hw = avcodec_get_hw_config(codec, i)); i++) {
        if (hw->methods & AV_CODEC_HW_CONFIG_METHOD_HW_FRAMES_CTX) {
            *format = hw->pix_fmt;
            return hw->device_type;
        }
    }
    return AV_HWDEVICE_TYPE_NONE;
}

bool fr_lavc_takes(const AVCodec *codec, fr_format format)
{
    enum AVPixelFormat hw;
    return memory_format(codec, format) != AV_PIX_FMT_NONE ||
           device_type(codec, &hw) != AV_HWDEVICE_TYPE_NONE;
}

static void set_reason(char reason[FR_REASON_BYTES], const struct fr_encoder_row *row, const char *what,
                       int error)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    if (error)
        av_strerror(error, text, sizeof(text));
    snprintf(reason, FR_REASON_BYTES, "%s%s%s%s%s", what, error ? ": " : "", text,
             row->needs ? "; needs " : "", row->needs ? row->needs : "");
}

static fr_status status_of(int error)
{
    return error == AVERROR(ENOMEM) ? FR_ERR_NO_MEMORY : FR_ERR_ENCODER;
}

static const void *option_of(const AVCodec *codec, const char *key)
{
    const AVClass *general = avcodec_get_class();
    const void *found = av_opt_find(&general, key, NULL, 0, AV_OPT_SEARCH_FAKE_OBJ);
    if (!found && codec->priv_class) {
        const AVClass *special = codec->priv_class;
        found = av_opt_find(&special, key, NULL, 0, AV_OPT_SEARCH_FAKE_OBJ);
    }
    return found;
}

fr_status fr_lavc_check_options(const AVCodec *codec, const char *options, char reason[FR_REASON_BYTES])
{
    AVDictionary *dict = NULL;
    const AVDictionaryEntry *entry = NULL;
    fr_status status = FR_OK;
    if (options && av_dict_parse_string(&dict, options, "=", ":", 0) < 0) {
        snprintf(reason, FR_REASON_BYTES, "the options '%.60s' are not of the form key=value:key=value",
                 options);
        status = FR_ERR_ARGUMENT;
    }
    while (status == FR_OK && codec && (entry = av_dict_get(dict, "", entry, AV_DICT_IGNORE_SUFFIX))) {
        if (!option_of(codec, entry->key)) {
            snprintf(reason, FR_REASON_BYTES, "%s has no option '%.60s'", codec->name, entry->key);
            status = FR_ERR_ARGUMENT;
        }
    }
    av_dict_free(&dict);
    return status;
}

static int append_param(AVDictionary **dict, const char *key, const char *text)
{
    const AVDictionaryEntry *old = av_dict_get(*dict, key, NULL, 0);
    char *joined = av_asprintf("%s%s%s", old ? old->value : "", old && *old->value ? ":" : "", text);
    return joined ? av_dict_set(dict, key, joined, AV_DICT_DONT_STRDUP_VAL) : AVERROR(ENOMEM);
}

/* SVT-AV1 gets through its own list what FFmpeg's wrapper does not hand on. */
static int append_svt_params(AVDictionary **dict, const char *key, const struct fr_encoder_config *config)
{
    char text[320];
    const int length = snprintf(text, sizeof(text), "chroma-sample-position=left");
    if (config->has_hdr) {
        const fr_hdr_metadata *m = &config->hdr;
        const double step = 1 / 50000.0;
        snprintf(text + length, sizeof(text) - (size_t)length,
                 ":mastering-display=G(%.5f,%.5f)B(%.5f,%.5f)R(%.5f,%.5f)WP(%.5f,%.5f)L(%.4f,%.4f)"
                 ":content-light=%u,%u",
                 m->green[0] * step, m->green[1] * step, m->blue[0] * step, m->blue[1] * step,
                 m->red[0] * step, m->red[1] * step, m->white[0] * step, m->white[1] * step,
                 m->max_luminance / 10000.0, m->min_luminance / 10000.0, m->max_cll, m->max_fall);
    }
    return append_param(dict, key, text);
}

/* Ours first, so that the user's win. */
static int collect_options(AVDictionary **dict, const struct fr_encoder_row *row,
                           const struct fr_encoder_config *config)
{
    const char *const ours[] = {row->options,
                                config->bitrate_kbps ? row->rate_options : row->quality_options};
    int error = 0;
    for (size_t i = 0; i < 2 && error >= 0; i++)
        if (ours[i])
            error = av_dict_parse_string(dict, ours[i], "=", " ", 0);
    if (error >= 0 && row->hdr == FR_HDR_OPTIONS)
        error = append_svt_params(dict, row->params_key, config);
    if (error >= 0 && row->threads_key && config->threads) {
        char text[32];
        snprintf(text, sizeof(text), "%s=%u", row->threads_key, config->threads);
        error = append_param(dict, row->params_key, text);
    }
    AVDictionary *theirs = NULL;
    if (error >= 0 && config->options)
        error = av_dict_parse_string(&theirs, config->options, "=", ":", 0);
    const AVDictionaryEntry *entry = NULL;
    while (error >= 0 && (entry = av_dict_get(theirs, "", entry, AV_DICT_IGNORE_SUFFIX))) {
        if (row->params_key && !strcmp(entry->key, row->params_key))
            error = append_param(dict, entry->key, entry->value);
        else
            error = av_dict_set(dict, entry->key, entry->value, 0);
    }
    av_dict_free(&theirs);
    return error;
}

static void configure(AVCodecContext *ctx, const struct fr_encoder_row *row,
                      const struct fr_encoder_config *config)
{
    ctx->log_level_offset = SILENT;
    ctx->width = (int)(config->width & ~1u);
    ctx->height = (int)(config->height & ~1u);
    ctx->sample_aspect_ratio = (AVRational){1, 1};
    ctx->time_base = (AVRational){1, (int)config->ticks_per_second};
    av_reduce(&ctx->framerate.num, &ctx->framerate.den, config->fps_mhz, 1000, INT32_MAX);
    ctx->gop_size = (int)config->gop_frames;
    ctx->max_b_frames = 0;
    ctx->thread_count = row->threads_key ? config->threads != 0 : (int)config->threads;
    ctx->thread_type = FF_THREAD_SLICE; /* frame threads would hold frames back */
    if (config->global_header)
        ctx->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    if (config->bitrate_kbps) {
        ctx->bit_rate = (int64_t)config->bitrate_kbps * 1000;
        ctx->rc_max_rate = ctx->bit_rate;
        const int64_t buffer = ctx->bit_rate * 1000 / config->fps_mhz * row->vbv_frames;
        ctx->rc_buffer_size = (int)(buffer < INT32_MAX ? buffer : INT32_MAX);
    }
    ctx->color_primaries = config->colour.primaries;
    ctx->color_trc = config->colour.transfer;
    ctx->colorspace = config->colour.matrix;
    ctx->color_range = config->colour.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    /* FFmpeg's numbers are H.273's plus one; 0 is unspecified. */
    ctx->chroma_sample_location = (enum AVChromaLocation)(config->colour.chroma_location + 1);
}

static fr_status open_device(struct lavc_encoder *self, const struct fr_encoder_row *row,
                             const AVCodec *codec, const char *name, char reason[FR_REASON_BYTES])
{
    enum AVPixelFormat hw_format = AV_PIX_FMT_NONE;
    const enum AVHWDeviceType type = device_type(codec, &hw_format);
    AVBufferRef *device = NULL;
    int error = av_hwdevice_ctx_create(&device, type, name, NULL, 0);
    if (error < 0) {
        set_reason(reason, row, "its device does not open", error);
        return status_of(error);
    }
    AVBufferRef *frames = av_hwframe_ctx_alloc(device);
    av_buffer_unref(&device);
    if (!frames)
        return FR_ERR_NO_MEMORY;
    AVHWFramesContext *pool = (void *)frames->data;
    pool->format = hw_format;
    pool->sw_format = self->feeder.format;
    pool->width = self->ctx->width;
    pool->height = self->ctx->height;
    pool->initial_pool_size = HW_POOL_FRAMES;
    self->feeder.hw_frames = frames;
    self->ctx->pix_fmt = hw_format;
    error = av_hwframe_ctx_init(frames);
    if (error >= 0 && !(self->ctx->hw_frames_ctx = av_buffer_ref(frames)))
        error = AVERROR(ENOMEM);
    if (error < 0)
        set_reason(reason, row, "its device has no surfaces of this kind", error);
    return error < 0 ? status_of(error) : FR_OK;
}

/* The frames come as they lie on their GPU. */
static fr_status prepare_gpu(struct lavc_encoder *self)
{
    const AVBufferRef *frames = fr_gpu_feeder_frames(self->gpu);
    self->ctx->pix_fmt = ((const AVHWFramesContext *)(const void *)frames->data)->format;
    self->ctx->hw_frames_ctx = av_buffer_ref(frames);
    return self->ctx->hw_frames_ctx ? FR_OK : FR_ERR_NO_MEMORY;
}

static fr_status prepare_memory(struct lavc_encoder *self, const struct fr_encoder_row *row,
                                const struct fr_encoder_config *config, const AVCodec *codec,
                                const char *device, char reason[FR_REASON_BYTES])
{
    enum AVPixelFormat format = memory_format(codec, config->format);
    const bool needs_device = format == AV_PIX_FMT_NONE;
    if (needs_device)
        format = config->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010LE : AV_PIX_FMT_NV12;
    self->ctx->pix_fmt = format;
    const fr_status status = fr_feeder_init(&self->feeder, format, config->width, config->height);
    return status == FR_OK && needs_device ? open_device(self, row, codec, device, reason) : status;
}

static fr_status open_codec(struct lavc_encoder *self, const struct fr_encoder_row *row,
                            const struct fr_encoder_config *config, const AVCodec *codec, const char *device,
                            char reason[FR_REASON_BYTES])
{
    self->ctx = avcodec_alloc_context3(codec);
    self->frame = av_frame_alloc();
    if (!self->ctx || !self->frame)
        return FR_ERR_NO_MEMORY;
    configure(self->ctx, row, config);
    const fr_status status =
        self->gpu ? prepare_gpu(self) : prepare_memory(self, row, config, codec, device, reason);
    if (status < 0)
        return status;
    AVDictionary *options = NULL;
    int error = collect_options(&options, row, config);
    if (error >= 0)
        error = avcodec_open2(self->ctx, codec, &options);
    av_dict_free(&options);
    if (error < 0)
        set_reason(reason, row, "does not open", error);
    return error < 0 ? status_of(error) : FR_OK;
}

static void lavc_destroy(struct fr_encoder *base)
{
    struct lavc_encoder *self = (void *)base;
    avcodec_free_context(&self->ctx);
    av_frame_free(&self->frame);
    fr_feeder_finish(&self->feeder);
    fr_gpu_feeder_close(&self->gpu);
    av_free(self);
}

static int attach_hdr(AVFrame *frame, const fr_hdr_metadata *hdr)
{
    AVMasteringDisplayMetadata *display = av_mastering_display_metadata_create_side_data(frame);
    AVContentLightMetadata *light = av_content_light_metadata_create_side_data(frame);
    if (!display || !light)
        return AVERROR(ENOMEM);
    fr_hdr_to_av(display, light, hdr);
    return 0;
}

static fr_status fail(struct lavc_encoder *self, const char *what, int error)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    av_strerror(error, text, sizeof(text));
    snprintf(self->base.reason, sizeof(self->base.reason), "%s: %s", what, text);
    return status_of(error);
}

static fr_status make_frame(struct lavc_encoder *self, const fr_frame *frame)
{
    if (self->gpu)
        return fr_gpu_feeder_make(self->gpu, self->frame, frame, self->base.reason);
    const fr_status status = fr_feeder_make(&self->feeder, self->frame, frame);
    return status < 0 ? fail(self, "no frame for the encoder",
                             status == FR_ERR_NO_MEMORY ? AVERROR(ENOMEM) : AVERROR(EIO))
                      : FR_OK;
}

static fr_status lavc_send(struct fr_encoder *base, const fr_frame *frame, int64_t ticks, bool keyframe)
{
    struct lavc_encoder *self = (void *)base;
    const fr_status status = make_frame(self, frame);
    if (status != FR_OK)
        return status;
    AVFrame *out = self->frame;
    out->pts = ticks;
    out->pict_type = keyframe ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    out->sample_aspect_ratio = self->ctx->sample_aspect_ratio;
    out->color_primaries = self->ctx->color_primaries;
    out->color_trc = self->ctx->color_trc;
    out->colorspace = self->ctx->colorspace;
    out->color_range = self->ctx->color_range;
    out->chroma_location = self->ctx->chroma_sample_location;
    self->has_hdr = frame->has_hdr;
    self->hdr = frame->hdr;
    int error = frame->has_hdr && !self->gpu ? attach_hdr(out, &frame->hdr) : 0;
    if (error >= 0)
        error = avcodec_send_frame(self->ctx, out);
    av_frame_unref(out);
    if (error == AVERROR(EAGAIN))
        return FR_AGAIN;
    return error < 0 ? fail(self, "a frame was refused", error) : FR_OK;
}

static fr_status lavc_receive(struct fr_encoder *base, AVPacket *packet)
{
    struct lavc_encoder *self = (void *)base;
    const int error = avcodec_receive_packet(self->ctx, packet);
    if (error == AVERROR(EAGAIN))
        return FR_AGAIN;
    if (error == AVERROR_EOF)
        return FR_END;
    if (error < 0)
        return fail(self, "encoding failed", error);
    if (self->has_hdr && self->hdr_way == FR_HDR_SEI && (packet->flags & AV_PKT_FLAG_KEY))
        return fr_sei_insert(packet, self->ctx->codec_id, &self->hdr);
    return FR_OK;
}

static fr_status lavc_drain(struct fr_encoder *base)
{
    struct lavc_encoder *self = (void *)base;
    const int error = avcodec_send_frame(self->ctx, NULL);
    return error < 0 && error != AVERROR_EOF ? fail(self, "the last frames are lost", error) : FR_OK;
}

static fr_status lavc_describe(const struct fr_encoder *base, AVCodecParameters *out)
{
    const struct lavc_encoder *self = (const void *)base;
    return avcodec_parameters_from_context(out, self->ctx) < 0 ? FR_ERR_NO_MEMORY : FR_OK;
}

/* Where the frames come from: as they lie on a GPU (taken, also on failure), or through memory to the device
 * of that name, which NULL leaves to FFmpeg. */
struct input {
    struct fr_gpu_feeder *gpu;
    const char *device;
};

static fr_status open_with(struct fr_encoder **out, const struct fr_encoder_row *row,
                           const struct fr_encoder_config *config, const AVCodec *codec, struct input input,
                           char reason[FR_REASON_BYTES])
{
    static const struct fr_encoder_ops ops = {lavc_send, lavc_receive, lavc_drain, lavc_describe,
                                              lavc_destroy};
    struct fr_gpu_feeder *gpu = input.gpu;
    struct lavc_encoder *self = av_mallocz(sizeof(*self));
    if (!self) {
        fr_gpu_feeder_close(&gpu);
        return FR_ERR_NO_MEMORY;
    }
    self->base.ops = &ops;
    self->base.ignores_keyframe = row->ignores_keyframe;
    self->base.reads_textures = gpu != NULL;
    self->base.input = gpu ? fr_gpu_feeder_name(gpu) : NULL;
    self->gpu = gpu;
    self->hdr_way = row->hdr;
    snprintf(reason, FR_REASON_BYTES, "memory ran out");
    const fr_status status = open_codec(self, row, config, codec, input.device, reason);
    if (status < 0)
        lavc_destroy(&self->base);
    else
        *out = &self->base;
    return status;
}

/* Each GPU in turn: the first may have no driver, or one that does not encode. */
static fr_status open_through_memory(struct fr_encoder **out, const struct fr_encoder_row *row,
                                     const struct fr_encoder_config *config, const AVCodec *codec,
                                     char reason[FR_REASON_BYTES])
{
    enum AVPixelFormat format;
    char node[FR_VAAPI_NODE_BYTES];
    const bool vaapi = device_type(codec, &format) == AV_HWDEVICE_TYPE_VAAPI;
    uint32_t number = vaapi ? fr_av_vaapi_next_node(0, node) : 0;
    if (!number)
        return open_with(out, row, config, codec, (struct input){0}, reason);
    fr_status status = FR_ERR_UNSUPPORTED;
    for (; number && status != FR_OK; number = fr_av_vaapi_next_node(number, node))
        status = open_with(out, row, config, codec, (struct input){.device = node}, reason);
    return status;
}

fr_status fr_lavc_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                       const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    *out = NULL;
    const AVCodec *codec = avcodec_find_encoder_by_name(row->name);
    if (!codec) {
        snprintf(reason, FR_REASON_BYTES, "FFmpeg here was built without it");
        return FR_ERR_UNSUPPORTED;
    }
    if (!fr_lavc_takes(codec, config->format) ||
        (config->format == FR_FORMAT_P010 && row->hdr == FR_HDR_NONE)) {
        snprintf(reason, FR_REASON_BYTES, "takes no %s bit frames",
                 config->format == FR_FORMAT_P010 ? "10" : "8");
        return FR_ERR_UNSUPPORTED;
    }
    fr_status status = fr_lavc_check_options(codec, config->options, reason);
    if (status < 0)
        return status;
    char input_reason[FR_REASON_BYTES] = "";
    struct fr_gpu_feeder *gpu = NULL;
    if (config->device) {
        status = fr_gpu_feeder_open(&gpu, codec, config->frame, config->keep, input_reason);
        /* The next frame may be had. */
        if (status == FR_TIMEOUT || status == FR_ERR_DEVICE_LOST)
            return FR_ERR_DEVICE_LOST;
    }
    if (gpu) {
        status = open_with(out, row, config, codec, (struct input){.gpu = gpu}, reason);
        if (status == FR_OK)
            return status;
        snprintf(input_reason, sizeof(input_reason), "%s", reason);
    }
    status = open_through_memory(out, row, config, codec, reason);
    if (status == FR_OK)
        memcpy((*out)->input_reason, input_reason, sizeof(input_reason));
    return status;
}
