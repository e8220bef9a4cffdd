/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "system/system.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mastering_display_metadata.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- frames --- */

static fr_status picture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    (void)self;
    const size_t sample = format == FR_FORMAT_P010 ? 2 : 1;
    const size_t pitch = (width + 1) / 2 * 2 * sample + 64;
    uint8_t *pixels = calloc(pitch, height + (height + 1) / 2);
    if (!pixels)
        return FR_ERR_NO_MEMORY;
    *out = (struct fr_picture){
        .plane = {pixels, pixels + pitch * height}, .pitch_bytes = {pitch, pitch}, .object = pixels};
    return FR_OK;
}

static void picture_destroy(struct fr_picture *picture)
{
    free(picture->object);
}

void painter_init(struct painter *painter, uint32_t width, uint32_t height, fr_format format)
{
    static const struct fr_backend_host_ops ops = {.picture_create = picture_create,
                                                   .picture_destroy = picture_destroy};
    const struct fr_backend_host backend = {.ops = &ops};
    *painter = (struct painter){.generation = 1};
    assert_int_equal(fr_out_ring_create(&painter->ring, &backend, 3, width, height, format), FR_OK);
}

void painter_finish(struct painter *painter)
{
    fr_out_ring_drop(&painter->ring);
}

uint32_t painter_held(const struct painter *painter)
{
    return fr_out_ring_held(painter->ring);
}

/* Flat areas with moving edges: codes of the limited range, both ends included. */
static unsigned code_at(uint32_t x, uint32_t y, uint32_t plane, uint32_t step)
{
    const uint32_t cell = (x + 3 * step) / 16 + y / 16 * 5 + plane * 7;
    return 16 + cell * 37 % (plane ? 225 : 220);
}

static void paint(const struct fr_out_ring *ring, const struct fr_picture *picture, uint32_t step)
{
    for (uint32_t plane = 0; plane < 2; plane++) {
        const uint32_t rows = plane ? (ring->height + 1) / 2 : ring->height;
        const uint32_t columns = plane ? (ring->width + 1) / 2 * 2 : ring->width;
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t *row = (uint8_t *)picture->plane[plane] + y * picture->pitch_bytes[plane];
            uint16_t *row16 = (void *)row;
            for (uint32_t x = 0; x < columns; x++) {
                const unsigned code = code_at(plane ? x & ~1u : x, y, plane + (plane ? x & 1 : 0), step);
                if (ring->format == FR_FORMAT_P010)
                    row16[x] = (uint16_t)((code * 4 + (x + y) % 4) << 6);
                else
                    row[x] = (uint8_t)code;
            }
        }
    }
}

fr_frame painter_next(struct painter *painter)
{
    struct fr_out_ring *ring = painter->ring;
    struct fr_surface *surface = fr_out_ring_free_surface(ring, NULL);
    assert_non_null(surface);
    paint(ring, &surface->picture, painter->sequence);
    fr_surface_ref(surface);
    fr_frame frame = {.width = ring->width,
                      .height = ring->height,
                      .format = ring->format,
                      .colour = fr_colour_of(ring->format),
                      .has_hdr = ring->format == FR_FORMAT_P010,
                      .hdr = fr_hdr_metadata_generic(),
                      .discontinuity = painter->sequence == 0,
                      .generation = painter->generation,
                      .present_ns = UINT64_C(5000000000) + (uint64_t)painter->sequence * STEP_NS,
                      .plane = {surface->picture.plane[0], surface->picture.plane[1]},
                      .pitch_bytes = {surface->picture.pitch_bytes[0], surface->picture.pitch_bytes[1]},
                      .surface = surface};
    frame.sequence = ++painter->sequence;
    return frame;
}

void put_frames(fr_recorder *recorder, struct painter *painter, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        fr_frame frame = painter_next(painter);
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
    }
}

bool has_encoder(const char *name)
{
    struct fr_encoder_row row;
    const bool found = fr_encoder_row_find(&row, name) == FR_OK;
#ifndef _WIN32
    assert_true(found);
#endif
    return found;
}

/* --- files --- */

int folder_setup(void **state)
{
    av_log_set_level(AV_LOG_FATAL); /* damaged ends are read on purpose */
    *state = system_folder_create();
    return 0;
}

int folder_teardown(void **state)
{
    system_folder_remove(*state);
    return 0;
}

const char *in_folder(void **state, const char *name)
{
    static char paths[3][400];
    static unsigned next;
    char *path = paths[next++ % 3];
    snprintf(path, sizeof(paths[0]), "%s/%s", (const char *)*state, name);
    return path;
}

/* --- log --- */

static void keep_line(void *user, fr_log_level level, const char *text)
{
    struct log_lines *lines = user;
    lines->count[level]++;
    snprintf(lines->last[level], sizeof(lines->last[level]), "%s", text);
}

fr_log log_into(struct log_lines *lines)
{
    memset(lines, 0, sizeof(*lines));
    return (fr_log){keep_line, lines, FR_LOG_DEBUG};
}

/* --- reading back --- */

static void note_side_data(struct read_frame *out, const AVFrame *frame)
{
    const AVFrameSideData *display = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    const AVFrameSideData *light = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    if (display) {
        const AVMasteringDisplayMetadata *d = (const void *)display->data;
        out->has_display = d->has_primaries && d->has_luminance;
        out->red_x = av_q2d(d->display_primaries[0][0]);
        out->max_luminance = av_q2d(d->max_luminance);
        out->min_luminance = av_q2d(d->min_luminance);
    }
    if (light) {
        const AVContentLightMetadata *l = (const void *)light->data;
        out->has_light = true;
        out->max_cll = l->MaxCLL;
        out->max_fall = l->MaxFALL;
    }
}

struct reader {
    struct read_file *out;
    AVFormatContext *format;
    AVCodecContext *ctx;
    AVPacket *packet;
    AVFrame *frame;
    AVRational time_base;
    void (*seen)(void *user, const AVFrame *frame);
    void *user;
};

static void take_frames(struct reader *r)
{
    while (avcodec_receive_frame(r->ctx, r->frame) >= 0) {
        const AVFrame *f = r->frame;
        assert_true(r->out->num_frames < MAX_READ);
        struct read_frame *out = &r->out->frame[r->out->num_frames++];
        *out = (struct read_frame){.seconds = (double)f->pts * av_q2d(r->time_base),
                                   .width = f->width,
                                   .height = f->height,
                                   .format = f->format,
                                   .key = f->key_frame,
                                   .primaries = f->color_primaries,
                                   .transfer = f->color_trc,
                                   .matrix = f->colorspace,
                                   .range = f->color_range,
                                   .location = f->chroma_location};
        note_side_data(out, f);
        if (r->seen)
            r->seen(r->user, f);
        av_frame_unref(r->frame);
    }
}

static bool open_file(struct reader *r, const char *path)
{
    if (avformat_open_input(&r->format, path, NULL, NULL) < 0 ||
        avformat_find_stream_info(r->format, NULL) < 0 || r->format->nb_streams != 1)
        return false;
    const AVStream *stream = r->format->streams[0];
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    r->ctx = avcodec_alloc_context3(codec);
    if (!codec || !r->ctx || avcodec_parameters_to_context(r->ctx, stream->codecpar) < 0)
        return false;
    r->ctx->pkt_timebase = r->time_base = stream->time_base;
    r->ctx->thread_count = 1;
    snprintf(r->out->codec, sizeof(r->out->codec), "%s", avcodec_get_name(stream->codecpar->codec_id));
    r->out->rate = av_q2d(stream->r_frame_rate);
    r->out->stream_display =
        av_stream_get_side_data(stream, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, NULL) != NULL;
    r->out->stream_light = av_stream_get_side_data(stream, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, NULL) != NULL;
    return avcodec_open2(r->ctx, codec, NULL) >= 0;
}

bool read_back(struct read_file *out, const char *path, void (*seen)(void *user, const AVFrame *frame),
               void *user)
{
    struct reader r = {
        .out = out, .packet = av_packet_alloc(), .frame = av_frame_alloc(), .seen = seen, .user = user};
    memset(out, 0, sizeof(*out));
    const bool opened = open_file(&r, path);
    while (opened && av_read_frame(r.format, r.packet) >= 0) {
        avcodec_send_packet(r.ctx, r.packet);
        av_packet_unref(r.packet);
        take_frames(&r);
    }
    if (opened) {
        avcodec_send_packet(r.ctx, NULL);
        take_frames(&r);
    }
    avcodec_free_context(&r.ctx);
    avformat_close_input(&r.format);
    av_packet_free(&r.packet);
    av_frame_free(&r.frame);
    return opened && out->num_frames > 0;
}

void assert_plays(const char *path, size_t num_frames, int width, int height)
{
    struct read_file *file = malloc(sizeof(*file));
    assert_non_null(file);
    assert_true(read_back(file, path, NULL, NULL));
    assert_int_equal(file->num_frames, num_frames);
    for (size_t i = 0; i < num_frames; i++) {
        assert_int_equal(file->frame[i].width, width);
        assert_int_equal(file->frame[i].height, height);
        assert_true(i == 0 || file->frame[i].seconds > file->frame[i - 1].seconds);
    }
    assert_true(file->frame[0].key);
    free(file);
}
