/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc.h"

#include "encode/nvenc_encoder.h"

#include <libavutil/mem.h>

#include <stdio.h>

enum { MAX_ADAPTERS = 16 };

static fr_status describe_extradata(const struct fr_nvenc_encoder *self, AVCodecParameters *out)
{
    if (!self->header_bytes)
        return FR_OK;
    out->extradata = av_mallocz(self->header_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!out->extradata)
        return FR_ERR_NO_MEMORY;
    memcpy(out->extradata, self->header, self->header_bytes);
    out->extradata_size = (int)self->header_bytes;
    return FR_OK;
}

static fr_status nvenc_describe(const struct fr_encoder *base, AVCodecParameters *out)
{
    const struct fr_nvenc_encoder *self = (const void *)base;
    const fr_colour *colour = &self->config.colour;
    AVCodecParameters *blank = avcodec_parameters_alloc();
    if (!blank || avcodec_parameters_copy(out, blank) < 0) {
        avcodec_parameters_free(&blank);
        return FR_ERR_NO_MEMORY;
    }
    avcodec_parameters_free(&blank);
    out->codec_type = AVMEDIA_TYPE_VIDEO;
    out->codec_id = self->traits.codec;
    out->profile = self->traits.profile;
    out->format = self->config.format == FR_FORMAT_P010 ? AV_PIX_FMT_P010LE : AV_PIX_FMT_NV12;
    out->width = (int)self->traits.width;
    out->height = (int)self->traits.height;
    out->bit_rate = (int64_t)self->config.bitrate_kbps * 1000;
    out->sample_aspect_ratio = (AVRational){1, 1};
    out->field_order = AV_FIELD_PROGRESSIVE;
    out->color_primaries = colour->primaries;
    out->color_trc = colour->transfer;
    out->color_space = colour->matrix;
    out->color_range = colour->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    /* FFmpeg's numbers are H.273's plus one; 0 is unspecified. */
    out->chroma_location = (enum AVChromaLocation)(colour->chroma_location + 1);
    return describe_extradata(self, out);
}

/* --- the end --- */

static void destroy_event(struct fr_nvenc_encoder *self, void **event)
{
    struct fr_nvenc_session *s = &self->session;
    NV_ENC_EVENT_PARAMS params = {.version = NV_ENC_EVENT_PARAMS_VER, .completionEvent = *event};
    if (!*event)
        return;
    s->api.nvEncUnregisterAsyncEvent(s->handle, &params);
    s->system->event_destroy(s->system->self, *event);
    *event = NULL;
}

static void close_session(struct fr_nvenc_encoder *self)
{
    struct fr_nvenc_session *s = &self->session;
    for (size_t i = 0; i < FR_NVENC_SLOTS; i++)
        fr_nvenc_slot_empty(self, &self->slot[i]);
    if (s->handle)
        fr_nvenc_textures_clear(s, &self->textures);
    for (size_t i = 0; i < FR_NVENC_SLOTS; i++) {
        struct fr_nvenc_slot *slot = &self->slot[i];
        if (slot->buffer)
            s->api.nvEncDestroyInputBuffer(s->handle, slot->buffer);
        if (slot->output)
            s->api.nvEncDestroyBitstreamBuffer(s->handle, slot->output);
        destroy_event(self, &slot->event);
        *slot = (struct fr_nvenc_slot){0};
    }
    destroy_event(self, &self->flush_event);
    fr_nvenc_session_close(s);
}

static void tear_down(struct fr_nvenc_encoder *self)
{
    close_session(self);
    fr_nvenc_session_unload(&self->session);
    av_free(self);
}

static void reap(void *arg)
{
    struct fr_nvenc_encoder *self = arg;
    const uint32_t wanted = self->session.system->reap_ms;
    if (!fr_nvenc_settle(self, wanted ? wanted : FR_NVENC_REAP_MS))
        return;
    fr_nvenc_flush(self);
    tear_down(self);
}

/* A driver that owes an answer can block for good when its session is destroyed, and a GPU that comes back to
 * life writes into buffers that were freed. So such a session is waited for on a thread of its own, and stays
 * where it is when the answer never comes. */
static void nvenc_destroy(struct fr_encoder *base)
{
    struct fr_nvenc_encoder *self = (void *)base;
    const bool stalled = self->stalled;
    if (!stalled)
        fr_nvenc_flush(self);
    if (fr_nvenc_is_lost(self) || (!stalled && fr_nvenc_settle(self, fr_nvenc_answer_ms(self))))
        tear_down(self);
    else
        self->session.system->run_apart(self->session.system->self, reap, self);
}

/* --- open --- */

static fr_status create_event(struct fr_nvenc_encoder *self, void **out)
{
    struct fr_nvenc_session *s = &self->session;
    void *event = s->system->event_create(s->system->self);
    if (!event) {
        snprintf(s->reason, FR_REASON_BYTES, "Windows has no more events");
        return FR_ERR_NO_MEMORY;
    }
    NV_ENC_EVENT_PARAMS params = {.version = NV_ENC_EVENT_PARAMS_VER, .completionEvent = event};
    const NVENCSTATUS status = s->api.nvEncRegisterAsyncEvent(s->handle, &params);
    if (status == NV_ENC_SUCCESS) {
        *out = event;
        return FR_OK;
    }
    s->system->event_destroy(s->system->self, event);
    return fr_nvenc_fail(s, "NVENC does not take an event", status);
}

static fr_status create_slot(struct fr_nvenc_encoder *self, struct fr_nvenc_slot *slot)
{
    struct fr_nvenc_session *s = &self->session;
    NV_ENC_CREATE_BITSTREAM_BUFFER output = {.version = NV_ENC_CREATE_BITSTREAM_BUFFER_VER};
    NVENCSTATUS status = s->api.nvEncCreateBitstreamBuffer(s->handle, &output);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC makes no output buffer", status);
    slot->output = output.bitstreamBuffer;
    if (!self->config.device) {
        NV_ENC_CREATE_INPUT_BUFFER input = {.version = NV_ENC_CREATE_INPUT_BUFFER_VER,
                                            .width = self->traits.width,
                                            .height = self->traits.height,
                                            .bufferFmt = self->traits.format};
        status = s->api.nvEncCreateInputBuffer(s->handle, &input);
        if (status != NV_ENC_SUCCESS)
            return fr_nvenc_fail(s, "NVENC makes no input buffer", status);
        slot->buffer = input.inputBuffer;
    }
    return self->traits.async ? create_event(self, &slot->event) : FR_OK;
}

static fr_status get_header(struct fr_nvenc_encoder *self)
{
    struct fr_nvenc_session *s = &self->session;
    uint32_t bytes = 0;
    NV_ENC_SEQUENCE_PARAM_PAYLOAD params = {.version = NV_ENC_SEQUENCE_PARAM_PAYLOAD_VER,
                                            .inBufferSize = FR_NVENC_HEADER_BYTES,
                                            .spsppsBuffer = self->header,
                                            .outSPSPPSPayloadSize = &bytes};
    const NVENCSTATUS status = s->api.nvEncGetSequenceParams(s->handle, &params);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not tell its parameter sets", status);
    self->header_bytes = bytes < FR_NVENC_HEADER_BYTES ? bytes : FR_NVENC_HEADER_BYTES;
    return FR_OK;
}

static fr_status open_on_device(struct fr_nvenc_encoder *self, const struct fr_encoder_row *row,
                                const struct fr_nvenc_settings *settings, void *device)
{
    fr_status status = fr_nvenc_session_open(&self->session, device);
    if (status != FR_OK)
        return status;
    status = fr_nvenc_initialize(&self->session, row, &self->config, settings, &self->traits);
    if (status == FR_OK && self->config.global_header)
        status = get_header(self);
    for (size_t i = 0; i < FR_NVENC_SLOTS && status == FR_OK; i++)
        status = create_slot(self, &self->slot[i]);
    if (status == FR_OK && self->traits.async)
        status = create_event(self, &self->flush_event);
    if (status != FR_OK)
        close_session(self);
    return status;
}

/* Which adapters have NVENC only NVENC knows: vendor ids are borrowed by others. The reason that is told is
 * that of the adapter that came furthest. */
static fr_status open_on_any(struct fr_nvenc_encoder *self, const struct fr_encoder_row *row,
                             const struct fr_nvenc_settings *settings)
{
    struct fr_nvenc_session *s = &self->session;
    char best[FR_REASON_BYTES] = "no adapter has a Direct3D 11 device; needs an NVIDIA GPU and its driver";
    bool best_has_nvenc = false, any = false;
    fr_status status = FR_ERR_ENCODER;
    for (uint32_t i = 0; i < MAX_ADAPTERS; i++) {
        void *device = NULL;
        const fr_status created = s->system->device_create(s->system->self, i, &device);
        if (created == FR_END)
            break;
        if (created != FR_OK)
            continue;
        const uint32_t sessions = s->sessions;
        const fr_status opened = open_on_device(self, row, settings, device);
        s->system->unref(s->system->self, device);
        if (opened == FR_OK)
            return FR_OK;
        const bool has_nvenc = s->sessions != sessions;
        if (!any || (has_nvenc && !best_has_nvenc)) {
            status = opened;
            memcpy(best, s->reason, FR_REASON_BYTES);
        }
        any = true;
        best_has_nvenc |= has_nvenc;
    }
    memcpy(s->reason, best, FR_REASON_BYTES);
    return status;
}

static fr_status open_all(struct fr_nvenc_encoder *self, const struct fr_encoder_row *row,
                          const char *options)
{
    struct fr_nvenc_settings settings;
    fr_status status = fr_nvenc_settings_parse(&settings, row, options, self->config.bitrate_kbps != 0,
                                               self->session.reason);
    if (status == FR_OK)
        status = fr_nvenc_session_load(&self->session);
    if (status != FR_OK)
        return status;
    if (!self->config.device)
        return open_on_any(self, row, &settings);
    return open_on_device(self, row, &settings, (void *)self->config.device);
}

fr_status fr_nvenc_open_on(const struct fr_nvenc_system *system, struct fr_encoder **out,
                           const struct fr_encoder_row *row, const struct fr_encoder_config *config,
                           char reason[FR_REASON_BYTES])
{
    static const struct fr_encoder_ops ops = {fr_nvenc_send, fr_nvenc_receive, fr_nvenc_drain, nvenc_describe,
                                              nvenc_destroy};
    *out = NULL;
    snprintf(reason, FR_REASON_BYTES, "memory ran out");
    struct fr_nvenc_encoder *self = av_mallocz(sizeof(*self));
    if (!self)
        return FR_ERR_NO_MEMORY;
    self->base.ops = &ops;
    self->base.reads_textures = true;
    self->base.input = config->device ? "d3d11" : NULL;
    self->session.system = system;
    self->session.reason = reason;
    self->config = *config;
    self->config.options = NULL;
    const fr_status status = open_all(self, row, config->options);
    if (status != FR_OK) {
        tear_down(self);
        return status;
    }
    self->session.reason = self->base.reason;
    *out = &self->base;
    return FR_OK;
}
