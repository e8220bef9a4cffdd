/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/feeder.h"

#include "encode/repack.h"

#include <libavutil/hwcontext.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>

enum { PITCH_ALIGN = 64 };

static bool is_16bit(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_P010LE || format == AV_PIX_FMT_YUV420P10LE;
}

static bool is_planar(enum AVPixelFormat format)
{
    return format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUV420P10LE;
}

static size_t aligned(size_t bytes)
{
    return (bytes + PITCH_ALIGN - 1) / PITCH_ALIGN * PITCH_ALIGN;
}

fr_status fr_feeder_init(struct fr_feeder *feeder, enum AVPixelFormat format, uint32_t width, uint32_t height)
{
    *feeder = (struct fr_feeder){.format = format, .width = width & ~1u, .height = height & ~1u};
    if (!is_planar(format))
        return FR_OK;
    const size_t sample = is_16bit(format) ? 2 : 1;
    size_t total = 0;
    for (int i = is_16bit(format) ? 0 : 1; i < 3; i++) {
        const uint32_t columns = i ? feeder->width / 2 : feeder->width;
        const uint32_t rows = i ? feeder->height / 2 : feeder->height;
        feeder->pitch_bytes[i] = aligned(columns * sample);
        feeder->offset_bytes[i] = total;
        total += feeder->pitch_bytes[i] * rows;
    }
    feeder->planes = av_buffer_pool_init(total + PITCH_ALIGN, NULL);
    return feeder->planes ? FR_OK : FR_ERR_NO_MEMORY;
}

void fr_feeder_finish(struct fr_feeder *feeder)
{
    av_buffer_pool_uninit(&feeder->planes);
    av_buffer_unref(&feeder->hw_frames);
}

static void release_surface(void *opaque, uint8_t *data)
{
    (void)data;
    fr_frame *held = opaque;
    fr_frame_release(held);
    av_free(held);
}

/* A buffer that holds the frame's surface. Readers go by the plane pointers; its own bounds are the luma
 * plane's. */
static AVBufferRef *hold_surface(const fr_frame *frame)
{
    fr_frame *held = av_malloc(sizeof(*held));
    if (!held)
        return NULL;
    fr_frame_ref(held, frame);
    AVBufferRef *buffer = av_buffer_create((uint8_t *)frame->plane[0], frame->pitch_bytes[0] * frame->height,
                                           release_surface, held, AV_BUFFER_FLAG_READONLY);
    if (!buffer)
        release_surface(held, NULL);
    return buffer;
}

/* A frame without a surface belongs to the caller, who may change it as soon as we return. */
static fr_status copy_planes(const struct fr_feeder *feeder, AVFrame *out)
{
    const int row_bytes = (int)(feeder->width * (is_16bit(feeder->format) ? 2u : 1u));
    for (int i = 0; i < 2; i++) {
        if (feeder->pitch_bytes[i])
            continue;
        const size_t pitch = aligned((size_t)row_bytes);
        const uint32_t rows = i ? feeder->height / 2 : feeder->height;
        AVBufferRef *copy = av_buffer_alloc(pitch * rows + PITCH_ALIGN);
        if (!copy)
            return FR_ERR_NO_MEMORY;
        av_image_copy_plane(copy->data, (int)pitch, out->data[i], out->linesize[i], row_bytes, (int)rows);
        out->buf[i] = copy;
        out->data[i] = copy->data;
        out->linesize[i] = (int)pitch;
    }
    return FR_OK;
}

static fr_status repack(struct fr_feeder *feeder, AVFrame *out, const fr_frame *frame)
{
    out->buf[2] = av_buffer_pool_get(feeder->planes);
    if (!out->buf[2])
        return FR_ERR_NO_MEMORY;
    uint8_t *plane[3];
    for (int i = 0; i < 3; i++) {
        plane[i] = out->buf[2]->data + feeder->offset_bytes[i];
        if (feeder->pitch_bytes[i]) {
            out->data[i] = plane[i];
            out->linesize[i] = (int)feeder->pitch_bytes[i];
        }
    }
    const uint32_t width = feeder->width, height = feeder->height;
    if (feeder->format == AV_PIX_FMT_YUV420P) {
        fr_repack_uv8(plane[1], plane[2], feeder->pitch_bytes[1], frame->plane[1], frame->pitch_bytes[1],
                      width / 2, height / 2);
        return FR_OK;
    }
    fr_repack_y10(plane[0], feeder->pitch_bytes[0], frame->plane[0], frame->pitch_bytes[0], width, height);
    fr_repack_uv10(plane[1], plane[2], feeder->pitch_bytes[1], frame->plane[1], frame->pitch_bytes[1],
                   width / 2, height / 2);
    return FR_OK;
}

static fr_status make_in_memory(struct fr_feeder *feeder, AVFrame *out, const fr_frame *frame)
{
    out->format = (int)feeder->format;
    out->width = (int)feeder->width;
    out->height = (int)feeder->height;
    const bool planar = is_planar(feeder->format);
    for (int i = 0; i < (planar ? 1 : 2); i++) {
        out->data[i] = (uint8_t *)frame->plane[i];
        out->linesize[i] = (int)frame->pitch_bytes[i];
    }
    if (planar) {
        const fr_status status = repack(feeder, out, frame);
        if (status < 0 || feeder->pitch_bytes[0])
            return status;
    }
    if (!frame->surface)
        return copy_planes(feeder, out);
    out->buf[0] = hold_surface(frame);
    return out->buf[0] ? FR_OK : FR_ERR_NO_MEMORY;
}

/* libavutil wants the buffers of a frame without gaps, from the first on. */
static void close_gaps(AVFrame *frame)
{
    size_t filled = 0;
    for (size_t i = 0; i < 3; i++) {
        AVBufferRef *buffer = frame->buf[i];
        frame->buf[i] = NULL;
        if (buffer)
            frame->buf[filled++] = buffer;
    }
}

static fr_status upload(struct fr_feeder *feeder, AVFrame *out)
{
    AVFrame *device = av_frame_alloc();
    if (!device)
        return FR_ERR_NO_MEMORY;
    fr_status status = FR_ERR_ENCODER;
    if (av_hwframe_get_buffer(feeder->hw_frames, device, 0) >= 0 &&
        av_hwframe_transfer_data(device, out, 0) >= 0) {
        av_frame_unref(out);
        av_frame_move_ref(out, device);
        status = FR_OK;
    }
    av_frame_free(&device);
    return status;
}

fr_status fr_feeder_make(struct fr_feeder *feeder, AVFrame *out, const fr_frame *frame)
{
    fr_status status = make_in_memory(feeder, out, frame);
    close_gaps(out);
    if (status == FR_OK && feeder->hw_frames)
        status = upload(feeder, out);
    if (status < 0)
        av_frame_unref(out);
    return status;
}
