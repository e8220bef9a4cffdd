/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/av_drm.h"

#include "encode/av_common.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext_drm.h>
#include <libavutil/mem.h>

#include <unistd.h>

/* From the kernel's drm_fourcc.h, which not every system has. */
#define DRM_FOURCC(a, b, c, d)                                                                               \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define DRM_NV12 DRM_FOURCC('N', 'V', '1', '2')
#define DRM_R16 DRM_FOURCC('R', '1', '6', ' ')
#define DRM_RG1616 DRM_FOURCC('R', 'G', '3', '2')
#define DRM_LINEAR 0

struct exported {
    AVDRMFrameDescriptor drm;
    fr_frame frame; /* all zero: not held */
};

static void release(void *opaque, uint8_t *data)
{
    (void)data;
    struct exported *self = opaque;
    close(self->drm.objects[0].fd);
    fr_frame_release(&self->frame);
    av_free(self);
}

/* P010 as FFmpeg's VA-API and Vulkan know it: a layer a plane, the second named RG whatever its order. */
static AVDRMFrameDescriptor describe(const fr_vulkan_picture *picture, fr_format format, int fd)
{
    const bool ten_bit = format == FR_FORMAT_P010;
    AVDRMFrameDescriptor drm = {.nb_objects = 1, .nb_layers = ten_bit ? 2 : 1};
    drm.objects[0] =
        (AVDRMObjectDescriptor){.fd = fd, .size = (size_t)picture->bytes, .format_modifier = DRM_LINEAR};
    drm.layers[0].format = ten_bit ? DRM_R16 : DRM_NV12;
    drm.layers[1].format = ten_bit ? DRM_RG1616 : 0;
    for (int i = 0; i < 2; i++) {
        AVDRMLayerDescriptor *layer = &drm.layers[ten_bit ? i : 0];
        layer->planes[layer->nb_planes++] = (AVDRMPlaneDescriptor){
            .offset = (ptrdiff_t)picture->offset_bytes[i],
            .pitch = (ptrdiff_t)picture->pitch_bytes[i],
        };
    }
    return drm;
}

fr_status fr_av_drm_export(const fr_frame *frame, bool hold, AVFrame *out)
{
    fr_vulkan_picture picture;
    int fd;
    fr_status status = frame->surface ? fr_frame_vulkan(frame, &picture) : FR_ERR_UNSUPPORTED;
    if (status == FR_OK)
        status = fr_frame_vulkan_export(frame, FR_VULKAN_HANDLE_DMA_BUF, &fd);
    if (status != FR_OK)
        return status;
    struct exported *self = av_mallocz(sizeof(*self));
    if (!self) {
        close(fd);
        return FR_ERR_NO_MEMORY;
    }
    self->drm = describe(&picture, frame->format, fd);
    if (hold)
        fr_frame_ref(&self->frame, frame);
    out->buf[0] = av_buffer_create((uint8_t *)&self->drm, sizeof(self->drm), release, self, 0);
    if (!out->buf[0]) {
        release(self, NULL);
        return FR_ERR_NO_MEMORY;
    }
    out->format = AV_PIX_FMT_DRM_PRIME;
    out->data[0] = (uint8_t *)&self->drm;
    status = fr_av_describe(out, frame);
    if (status != FR_OK)
        av_frame_unref(out);
    return status;
}

fr_status fr_av_drm_wrap(const fr_frame *frame, AVFrame *out)
{
    return frame && out ? fr_av_drm_export(frame, true, out) : FR_ERR_ARGUMENT;
}
