/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/av_vaapi.h"

#include "encode/av_common.h"
#include "encode/av_drm.h"

#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/mem.h>

#include <stdio.h>
#include <unistd.h>

/* More than a capture has surfaces; the numbers that the kernel gives to render nodes. */
enum { IMPORTS_MAX = 32, NODE_FIRST = 128, NODE_LAST = 191 };

struct fr_av_vaapi {
    AVBufferRef *context;
    uint32_t count;
    struct {
        uint32_t id;
        AVFrame *surface;
    } of[IMPORTS_MAX];
};

static fr_status refuse(char reason[FR_REASON_BYTES], const char *why)
{
    snprintf(reason, FR_REASON_BYTES, "%s", why);
    return FR_ERR_UNSUPPORTED;
}

/* ---- render nodes ---- */

static void name_node(uint32_t number, char path[FR_VAAPI_NODE_BYTES])
{
    snprintf(path, FR_VAAPI_NODE_BYTES, "/dev/dri/renderD%u", number);
}

uint32_t fr_av_vaapi_next_node(uint32_t after, char path[FR_VAAPI_NODE_BYTES])
{
    for (uint32_t i = after < NODE_FIRST ? NODE_FIRST : after + 1; i <= NODE_LAST; i++) {
        name_node(i, path);
        if (access(path, R_OK | W_OK) == 0)
            return i;
    }
    return 0;
}

/* ---- import ---- */

static void forget_imports(struct fr_av_vaapi *self)
{
    while (self->count)
        av_frame_free(&self->of[--self->count].surface);
}

/* Of whole pairs of columns and rows, which is all that is encoded. */
static fr_status map(const struct fr_av_vaapi *self, AVFrame *out, AVFrame *drm, char reason[FR_REASON_BYTES])
{
    const AVHWFramesContext *context = (const void *)self->context->data;
    drm->width = context->width;
    drm->height = context->height;
    out->format = AV_PIX_FMT_VAAPI;
    out->hw_frames_ctx = av_buffer_ref(self->context);
    if (!out->hw_frames_ctx)
        return FR_ERR_NO_MEMORY;
    const int error = av_hwframe_map(out, drm, AV_HWFRAME_MAP_READ);
    if (error == AVERROR(ENOMEM))
        return FR_ERR_NO_MEMORY;
    return error < 0 ? refuse(reason, "VA-API does not take the frames' memory") : FR_OK;
}

/* The surface keeps the memory, not the frame: the capture goes on drawing into it. */
static fr_status import(struct fr_av_vaapi *self, const fr_frame *frame, uint32_t id,
                        char reason[FR_REASON_BYTES])
{
    AVFrame *drm = av_frame_alloc(), *surface = av_frame_alloc();
    fr_status status = drm && surface ? fr_av_drm_export(frame, false, drm) : FR_ERR_NO_MEMORY;
    if (status == FR_ERR_UNSUPPORTED)
        (void)refuse(reason, "the GPU's driver exports no DMA-BUFs");
    if (status == FR_OK)
        status = map(self, surface, drm, reason);
    av_frame_free(&drm);
    if (status != FR_OK) {
        av_frame_free(&surface);
        return status;
    }
    if (self->count == IMPORTS_MAX)
        forget_imports(self);
    self->of[self->count].id = id;
    self->of[self->count++].surface = surface;
    return FR_OK;
}

static const AVFrame *find(const struct fr_av_vaapi *self, uint32_t id)
{
    for (uint32_t i = 0; i < self->count; i++)
        if (self->of[i].id == id)
            return self->of[i].surface;
    return NULL;
}

/* ---- frames ---- */

static void release(void *opaque, uint8_t *data)
{
    (void)data;
    fr_frame *frame = opaque;
    fr_frame_release(frame);
    av_free(frame);
}

/* Beside what the surface is held by. */
static fr_status hold(AVFrame *out, const fr_frame *frame)
{
    fr_frame *held = av_mallocz(sizeof(*held));
    out->buf[1] = held ? av_buffer_create((uint8_t *)held, sizeof(*held), release, held, 0) : NULL;
    if (!out->buf[1]) {
        av_free(held);
        return FR_ERR_NO_MEMORY;
    }
    fr_frame_ref(held, frame);
    return FR_OK;
}

static fr_status fill(const AVFrame *surface, AVFrame *out, const fr_frame *frame)
{
    if (av_frame_ref(out, surface) < 0)
        return FR_ERR_NO_MEMORY;
    fr_status status = hold(out, frame);
    if (status == FR_OK)
        status = fr_av_describe(out, frame);
    out->width = surface->width;
    out->height = surface->height;
    return status;
}

fr_status fr_av_vaapi_make(struct fr_av_vaapi *self, AVFrame *out, const fr_frame *frame,
                           char reason[FR_REASON_BYTES])
{
    fr_vulkan_picture picture;
    if (fr_frame_vulkan(frame, &picture) != FR_OK)
        return refuse(reason, "the frame does not lie on a GPU");
    fr_status status = fr_frame_vulkan_wait(frame);
    if (status != FR_OK)
        return status;
    const AVFrame *surface = find(self, picture.id);
    if (!surface) {
        status = import(self, frame, picture.id, reason);
        if (status != FR_OK)
            return status;
        surface = find(self, picture.id);
    }
    status = fill(surface, out, frame);
    if (status != FR_OK)
        av_frame_unref(out);
    return status;
}

/* ---- open ---- */

/* On the render node of the frames' own GPU. */
static fr_status open_context(struct fr_av_vaapi *self, const fr_frame *frame, char reason[FR_REASON_BYTES])
{
    fr_vulkan_picture picture;
    AVBufferRef *device = NULL;
    char node[FR_VAAPI_NODE_BYTES];
    if (fr_frame_vulkan(frame, &picture) != FR_OK || !picture.render_node)
        return refuse(reason, "the frames' GPU names no render node");
    name_node(picture.render_node, node);
    if (av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, node, NULL, 0) < 0) {
        snprintf(reason, FR_REASON_BYTES, "VA-API does not open the frames' GPU (%s)", node);
        return FR_ERR_UNSUPPORTED;
    }
    self->context = av_hwframe_ctx_alloc(device);
    av_buffer_unref(&device);
    if (!self->context)
        return FR_ERR_NO_MEMORY;
    AVHWFramesContext *const context = (void *)self->context->data;
    context->format = AV_PIX_FMT_VAAPI;
    context->sw_format = frame->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
    context->width = (int)(frame->width & ~1u);
    context->height = (int)(frame->height & ~1u);
    return av_hwframe_ctx_init(self->context) < 0 ? refuse(reason, "VA-API has no surfaces of this kind")
                                                  : FR_OK;
}

fr_status fr_av_vaapi_open(struct fr_av_vaapi **out, const fr_frame *frame, char reason[FR_REASON_BYTES])
{
    struct fr_av_vaapi *self = av_mallocz(sizeof(*self));
    *out = self;
    if (!self)
        return FR_ERR_NO_MEMORY;
    const fr_status status = open_context(self, frame, reason);
    if (status != FR_OK)
        fr_av_vaapi_close(out);
    return status;
}

void fr_av_vaapi_close(struct fr_av_vaapi **frames)
{
    if (!*frames)
        return;
    forget_imports(*frames);
    av_buffer_unref(&(*frames)->context);
    av_freep(frames);
}

AVBufferRef *fr_av_vaapi_context(const struct fr_av_vaapi *frames)
{
    return frames->context;
}
