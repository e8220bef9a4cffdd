/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The outputs that take frames as they are. */

#include "encode/output.h"
#include "encode/repack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    size_t columns[2], rows[2]; /* samples of luma, and of each of Cb and Cr */
    size_t sample_bytes;
};

static struct shape shape_of(const fr_frame *frame)
{
    const size_t width = frame->width, height = frame->height;
    return (struct shape){.columns = {width, (width + 1) / 2},
                          .rows = {height, (height + 1) / 2},
                          .sample_bytes = frame->format == FR_FORMAT_P010 ? 2 : 1};
}

static size_t pixel_bytes(const struct shape *s)
{
    return (s->columns[0] * s->rows[0] + 2 * s->columns[1] * s->rows[1]) * s->sample_bytes;
}

/* --- hash: and null: --- */

struct sink {
    struct fr_output base;
    uint64_t hash;
};

static fr_status sink_open(struct fr_output *base, const char *url)
{
    (void)base;
    (void)url;
    return FR_OK;
}

static fr_status sink_begin(struct fr_output *base, const struct fr_stream *stream)
{
    (void)base;
    (void)stream;
    return FR_OK;
}

static bool sink_continues(const struct fr_output *base, const struct fr_stream *stream)
{
    (void)base;
    (void)stream;
    return true;
}

static fr_status null_write(struct fr_output *base, const fr_frame *frame, size_t *bytes)
{
    (void)base;
    const struct shape s = shape_of(frame);
    *bytes = pixel_bytes(&s);
    return FR_OK;
}

static uint64_t fnv1a(uint64_t hash, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static fr_status hash_write(struct fr_output *base, const fr_frame *frame, size_t *bytes)
{
    struct sink *self = (void *)base;
    const struct shape s = shape_of(frame);
    for (size_t i = 0; i < 2; i++)
        for (size_t y = 0; y < s.rows[i]; y++)
            self->hash = fnv1a(self->hash, frame->plane[i] + y * frame->pitch_bytes[i],
                               s.columns[i] * s.sample_bytes * (i ? 2 : 1));
    *bytes = pixel_bytes(&s);
    return FR_OK;
}

static uint64_t hash_value(const struct fr_output *base)
{
    return ((const struct sink *)(const void *)base)->hash;
}

static fr_status sink_end(struct fr_output *base)
{
    (void)base;
    return FR_OK;
}

static void sink_destroy(struct fr_output *base)
{
    free(base);
}

static fr_status sink_create(struct fr_output **out, const struct fr_output_ops *ops)
{
    struct sink *self = calloc(1, sizeof(*self));
    *out = NULL;
    if (!self)
        return FR_ERR_NO_MEMORY;
    self->base.ops = ops;
    self->hash = UINT64_C(0xcbf29ce484222325);
    *out = &self->base;
    return FR_OK;
}

fr_status fr_output_create_null(struct fr_output **out, const struct fr_output_config *config)
{
    static const struct fr_output_ops ops = {.ignores_pixels = true,
                                             .open = sink_open,
                                             .begin = sink_begin,
                                             .continues = sink_continues,
                                             .write_frame = null_write,
                                             .end = sink_end,
                                             .destroy = sink_destroy};
    (void)config;
    return sink_create(out, &ops);
}

fr_status fr_output_create_hash(struct fr_output **out, const struct fr_output_config *config)
{
    static const struct fr_output_ops ops = {.open = sink_open,
                                             .begin = sink_begin,
                                             .continues = sink_continues,
                                             .write_frame = hash_write,
                                             .end = sink_end,
                                             .hash = hash_value,
                                             .destroy = sink_destroy};
    (void)config;
    return sink_create(out, &ops);
}

/* --- y4m: YUV4MPEG2, planar; the frame rate is the one signalled, repeats included --- */

struct y4m {
    struct fr_output base;
    struct fr_output_config config;
    char *url;
    AVIOContext *io;
    uint8_t *buffer; /* one frame with its header */
    size_t room;
    bool begun, failed;
};

/* libavformat refuses direct writes to files above 256 KiB. */
enum { WRITE_BYTES = 128 * 1024 };

static const char frame_header[] = "FRAME\n";

static fr_status y4m_close(struct y4m *self)
{
    const int error = self->io ? avio_closep(&self->io) : 0;
    if (self->url && !self->begun)
        remove(self->url);
    const bool untold = error < 0 && self->begun && !self->failed;
    const fr_status status = untold ? fr_address_fail(self->config.log, "finish", self->url, error) : FR_OK;
    free(self->url);
    self->url = NULL;
    return status;
}

static fr_status y4m_open(struct fr_output *base, const char *url)
{
    struct y4m *self = (void *)base;
    char *address = fr_address_for_avio(self->config.kind, url);
    /* Direct: a frame is whole when it is written; a buffer between would only copy it. */
    const int error =
        address ? avio_open(&self->io, address, AVIO_FLAG_WRITE | AVIO_FLAG_DIRECT) : AVERROR(ENOMEM);
    free(address);
    if (error < 0)
        return fr_address_fail(self->config.log, "write", url, error);
    self->begun = self->failed = false;
    self->url = malloc(strlen(url) + 1);
    if (!self->url)
        return FR_ERR_NO_MEMORY;
    strcpy(self->url, url);
    return FR_OK;
}

static fr_status y4m_write(struct y4m *self, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length && self->io->error >= 0;) {
        const size_t part = length - done < WRITE_BYTES ? length - done : WRITE_BYTES;
        avio_write(self->io, (const uint8_t *)bytes + done, (int)part);
        done += part;
    }
    if (self->io->error >= 0)
        return FR_OK;
    self->failed = true;
    return fr_address_fail(self->config.log, "write", self->url, self->io->error);
}

static fr_status y4m_begin(struct fr_output *base, const struct fr_stream *stream)
{
    struct y4m *self = (void *)base;
    const bool ten = stream->format == FR_FORMAT_P010;
    const struct shape s = shape_of(
        &(const fr_frame){.width = stream->width, .height = stream->height, .format = stream->format});
    self->room = sizeof(frame_header) - 1 + pixel_bytes(&s);
    free(self->buffer);
    self->buffer = malloc(self->room);
    if (!self->buffer)
        return FR_ERR_NO_MEMORY;
    memcpy(self->buffer, frame_header, sizeof(frame_header) - 1);
    char header[160];
    /* mpeg2: chroma sited left. There is no such word for 10 bit. */
    const int length =
        snprintf(header, sizeof(header),
                 "YUV4MPEG2 W%" PRIu32 " H%" PRIu32 " F%" PRIu32 ":1000 Ip A1:1 %s XCOLORRANGE=LIMITED\n",
                 stream->width, stream->height, stream->fps_mhz,
                 ten ? "C420p10 XYSCSS=420P10" : "C420mpeg2 XYSCSS=420MPEG2");
    self->begun = true;
    return y4m_write(self, header, (size_t)length);
}

static bool y4m_continues(const struct fr_output *base, const struct fr_stream *stream)
{
    (void)base;
    (void)stream;
    return false;
}

static fr_status y4m_write_frame(struct fr_output *base, const fr_frame *frame, size_t *bytes)
{
    struct y4m *self = (void *)base;
    const struct shape s = shape_of(frame);
    const size_t pitch = s.columns[0] * s.sample_bytes, chroma_pitch = s.columns[1] * s.sample_bytes;
    uint8_t *y = self->buffer + sizeof(frame_header) - 1;
    uint8_t *u = y + pitch * s.rows[0];
    uint8_t *v = u + chroma_pitch * s.rows[1];
    if (frame->format == FR_FORMAT_P010) {
        fr_repack_y10(y, pitch, frame->plane[0], frame->pitch_bytes[0], s.columns[0], s.rows[0]);
        fr_repack_uv10(u, v, chroma_pitch, frame->plane[1], frame->pitch_bytes[1], s.columns[1], s.rows[1]);
    } else {
        for (size_t row = 0; row < s.rows[0]; row++)
            memcpy(y + row * pitch, frame->plane[0] + row * frame->pitch_bytes[0], pitch);
        fr_repack_uv8(u, v, chroma_pitch, frame->plane[1], frame->pitch_bytes[1], s.columns[1], s.rows[1]);
    }
    *bytes = pixel_bytes(&s);
    return y4m_write(self, self->buffer, self->room);
}

static fr_status y4m_end(struct fr_output *base)
{
    return y4m_close((struct y4m *)(void *)base);
}

static void y4m_destroy(struct fr_output *base)
{
    struct y4m *self = (void *)base;
    y4m_close(self);
    free(self->buffer);
    free(self);
}

fr_status fr_output_create_y4m(struct fr_output **out, const struct fr_output_config *config)
{
    static const struct fr_output_ops ops = {.open = y4m_open,
                                             .begin = y4m_begin,
                                             .continues = y4m_continues,
                                             .write_frame = y4m_write_frame,
                                             .end = y4m_end,
                                             .destroy = y4m_destroy};
    struct y4m *self = calloc(1, sizeof(*self));
    *out = NULL;
    if (!self)
        return FR_ERR_NO_MEMORY;
    self->base.ops = &ops;
    self->config = *config;
    *out = &self->base;
    return FR_OK;
}
