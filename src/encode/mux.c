/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The output that wraps packets into what libavformat writes. */

#include "encode/hdr.h"
#include "encode/output.h"

#include <libavformat/avformat.h>
#include <libavutil/mem.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long a network address may block before it counts as failed. */
#define OPEN_TIMEOUT_NS UINT64_C(10000000000)
#define WRITE_TIMEOUT_NS UINT64_C(10000000000)
#define END_TIMEOUT_NS UINT64_C(2000000000)

struct mux {
    struct fr_output base;
    struct fr_output_config config;
    struct fr_io_guard guard;
    char *url;
    AVFormatContext *format;
    AVStream *stream; /* belongs to format; NULL: not begun */
    int64_t last_dts, nominal_ticks;
};

static fr_status fail(struct mux *self, const char *what, int error)
{
    if (error == AVERROR_EXIT) {
        if (self->guard.cancelled && self->guard.cancelled(self->guard.user))
            return FR_CANCELLED;
        error = AVERROR(ETIMEDOUT);
    }
    return fr_address_fail(self->config.log, what, self->url, error);
}

static void close_all(struct mux *self)
{
    if (self->format && !(self->format->oformat->flags & AVFMT_NOFILE))
        avio_closep(&self->format->pb);
    avformat_free_context(self->format);
    self->format = NULL;
    self->stream = NULL;
    free(self->url);
    self->url = NULL;
}

static fr_status mux_open(struct fr_output *base, const char *url)
{
    struct mux *self = (void *)base;
    close_all(self);
    self->url = malloc(strlen(url) + 1);
    char *address = fr_address_for_avio(self->config.kind, url);
    if (!self->url || !address) {
        free(address);
        return FR_ERR_NO_MEMORY;
    }
    strcpy(self->url, url);
    self->guard = (struct fr_io_guard){.network = self->config.kind->network,
                                       .cancelled = self->config.cancelled,
                                       .user = self->config.user};
    int error = avformat_alloc_output_context2(&self->format, NULL, self->config.kind->muxer, address);
    if (error >= 0) {
        self->format->interrupt_callback = fr_io_guard_callback(&self->guard);
        self->format->flags |= AVFMT_FLAG_FLUSH_PACKETS;
        fr_io_guard_arm(&self->guard, OPEN_TIMEOUT_NS);
        if (!(self->format->oformat->flags & AVFMT_NOFILE))
            error = avio_open2(&self->format->pb, address, AVIO_FLAG_WRITE, &self->format->interrupt_callback,
                               NULL);
    }
    free(address);
    const fr_status status = error < 0 ? fail(self, "write", error) : FR_OK;
    if (status != FR_OK)
        close_all(self);
    return status;
}

static int add_side_data(AVStream *stream, enum AVPacketSideDataType type, void *data, size_t size)
{
    if (!data)
        return AVERROR(ENOMEM);
    const int error = av_stream_add_side_data(stream, type, data, size);
    if (error < 0)
        av_free(data);
    return error;
}

/* For the container's own fields; the messages inside the coded stream are the encoder's. */
static int add_hdr(AVStream *stream, const fr_hdr_metadata *hdr)
{
    size_t light_bytes;
    AVMasteringDisplayMetadata *display = av_mastering_display_metadata_alloc();
    AVContentLightMetadata *light = av_content_light_metadata_alloc(&light_bytes);
    if (display && light)
        fr_hdr_to_av(display, light, hdr);
    int error = add_side_data(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, display, sizeof(*display));
    if (error < 0) {
        av_free(light);
        return error;
    }
    return add_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, light, light_bytes);
}

static int describe(struct mux *self, const struct fr_stream *stream)
{
    AVStream *out = avformat_new_stream(self->format, NULL);
    if (!out)
        return AVERROR(ENOMEM);
    int error = avcodec_parameters_copy(out->codecpar, stream->coded);
    /* hvc1: parameter sets are in the header alone, which is all that some players take. */
    const char *muxer = self->config.kind->muxer;
    if (stream->coded->codec_id == AV_CODEC_ID_HEVC && (!strcmp(muxer, "mp4") || !strcmp(muxer, "mov")))
        out->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
    out->time_base = (AVRational){1, (int)self->config.kind->ticks_per_second};
    av_reduce(&out->avg_frame_rate.num, &out->avg_frame_rate.den, stream->fps_mhz, 1000, INT32_MAX);
    self->nominal_ticks = (int64_t)self->config.kind->ticks_per_second * 1000 / stream->fps_mhz;
    if (error >= 0 && stream->has_hdr)
        error = add_hdr(out, &stream->hdr);
    if (error >= 0)
        self->stream = out;
    return error;
}

static fr_status mux_begin(struct fr_output *base, const struct fr_stream *stream)
{
    struct mux *self = (void *)base;
    AVDictionary *options = NULL;
    int error = describe(self, stream);
    if (error >= 0 && self->config.kind->options)
        error = av_dict_parse_string(&options, self->config.kind->options, "=", " ", 0);
    fr_io_guard_arm(&self->guard, OPEN_TIMEOUT_NS);
    if (error >= 0)
        error = avformat_write_header(self->format, &options);
    av_dict_free(&options);
    self->last_dts = INT64_MIN;
    if (error >= 0)
        return FR_OK;
    self->stream = NULL;
    return fail(self, "begin", error);
}

/* The parameter sets are in the stream itself there; a new table of programs would need another codec's
 * stream type, which players that have begun do not follow. */
static bool mux_continues(const struct fr_output *base, const struct fr_stream *stream)
{
    const struct mux *self = (const void *)base;
    return self->config.kind->in_place && self->stream &&
           self->stream->codecpar->codec_id == stream->coded->codec_id;
}

static fr_status mux_write_packet(struct fr_output *base, AVPacket *packet)
{
    struct mux *self = (void *)base;
    const AVRational ticks = {1, (int)self->config.kind->ticks_per_second};
    packet->stream_index = self->stream->index;
    packet->duration = self->nominal_ticks;
    av_packet_rescale_ts(packet, ticks, self->stream->time_base);
    /* A muxer with coarser time than asked for can make two times one. */
    if (packet->dts != AV_NOPTS_VALUE && packet->dts <= self->last_dts)
        packet->dts = self->last_dts + 1;
    if (packet->pts != AV_NOPTS_VALUE && packet->pts < packet->dts)
        packet->pts = packet->dts;
    self->last_dts = packet->dts;
    fr_io_guard_arm(&self->guard, WRITE_TIMEOUT_NS);
    const int error = av_write_frame(self->format, packet);
    av_packet_unref(packet);
    return error < 0 ? fail(self, "write", error) : FR_OK;
}

static fr_status mux_end(struct fr_output *base)
{
    struct mux *self = (void *)base;
    if (!self->format)
        return FR_OK;
    /* After Ctrl-C too a stream gets its end, if its receiver takes it soon. */
    self->guard.cancelled = NULL;
    fr_io_guard_arm(&self->guard, END_TIMEOUT_NS);
    int error = 0;
    const bool broken = self->format->pb && self->format->pb->error < 0;
    if (self->stream)
        error = av_write_trailer(self->format);
    if (!(self->format->oformat->flags & AVFMT_NOFILE)) {
        const int closed = avio_closep(&self->format->pb);
        error = error < 0 ? error : closed;
    }
    /* What broke while writing was told then. */
    const fr_status status = error < 0 && !broken && self->stream ? fail(self, "finish", error) : FR_OK;
    if (!self->stream && !self->config.kind->network)
        remove(self->url);
    close_all(self);
    return status;
}

static void mux_destroy(struct fr_output *base)
{
    struct mux *self = (void *)base;
    close_all(self);
    free(self);
}

fr_status fr_output_create_mux(struct fr_output **out, const struct fr_output_config *config)
{
    static const struct fr_output_ops ops = {.open = mux_open,
                                             .begin = mux_begin,
                                             .continues = mux_continues,
                                             .write_packet = mux_write_packet,
                                             .end = mux_end,
                                             .destroy = mux_destroy};
    struct mux *self = calloc(1, sizeof(*self));
    *out = NULL;
    if (!self)
        return FR_ERR_NO_MEMORY;
    self->base.ops = &ops;
    self->config = *config;
    *out = &self->base;
    return FR_OK;
}
