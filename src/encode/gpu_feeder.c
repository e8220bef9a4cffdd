/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/gpu_feeder.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/mem.h>

#include <stdio.h>

struct fr_gpu_feeder {
    enum AVPixelFormat format;
    AVBufferRef *frames;
    fr_av_cuda *cuda; /* the keep's */
};

const void *fr_gpu_device_of(const fr_frame *frame)
{
    fr_vulkan_picture picture;
    return frame->surface && fr_frame_vulkan(frame, &picture) == FR_OK ? picture.device : NULL;
}

void fr_gpu_keep_finish(struct fr_gpu_keep *keep)
{
    fr_av_cuda_destroy(&keep->cuda);
}

static fr_status refuse(char reason[FR_REASON_BYTES], const char *why)
{
    snprintf(reason, FR_REASON_BYTES, "%s", why);
    return FR_ERR_UNSUPPORTED;
}

static fr_status make_cuda(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                           char reason[FR_REASON_BYTES])
{
    const fr_status status = fr_av_cuda_wrap(feeder->cuda, frame, out);
    if (status != FR_OK)
        snprintf(reason, FR_REASON_BYTES, "%s", fr_av_cuda_reason(feeder->cuda));
    /* The encoder knows the addresses of its own context alone. */
    if (status == FR_OK && feeder->frames && out->hw_frames_ctx->data != feeder->frames->data) {
        av_frame_unref(out);
        return refuse(reason, "the capture has more surfaces than one CUDA context takes");
    }
    return status;
}

static fr_status make_vaapi(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                            char reason[FR_REASON_BYTES])
{
    AVFrame *drm = av_frame_alloc();
    if (!drm)
        return FR_ERR_NO_MEMORY;
    fr_status status = fr_av_drm_wrap(frame, drm);
    if (status == FR_ERR_UNSUPPORTED)
        (void)refuse(reason, "the GPU's driver exports no DMA-BUFs");
    if (status == FR_OK) {
        out->format = AV_PIX_FMT_VAAPI;
        out->hw_frames_ctx = av_buffer_ref(feeder->frames);
        status = !out->hw_frames_ctx ? FR_ERR_NO_MEMORY
                 : av_hwframe_map(out, drm, AV_HWFRAME_MAP_READ) < 0 || av_frame_copy_props(out, drm) < 0
                     ? refuse(reason, "VA-API does not take the frames' memory")
                     : FR_OK;
    }
    av_frame_free(&drm);
    if (status != FR_OK)
        av_frame_unref(out);
    return status;
}

fr_status fr_gpu_feeder_make(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                             char reason[FR_REASON_BYTES])
{
    const fr_status status = feeder->format == AV_PIX_FMT_CUDA ? make_cuda(feeder, out, frame, reason)
                                                               : make_vaapi(feeder, out, frame, reason);
    if (status == FR_OK) {
        out->width &= ~1;
        out->height &= ~1;
    }
    return status;
}

/* ---- open ---- */

static bool takes(const AVCodec *codec, enum AVHWDeviceType type)
{
    const AVCodecHWConfig *hw;
    for (int i = 0; (hw = avcodec_get_hw_config(codec, i)); i++)
        if (hw->device_type == type && hw->methods & AV_CODEC_HW_CONFIG_METHOD_HW_FRAMES_CTX)
            return true;
    return false;
}

/* On the render node of the frames' own GPU. */
static fr_status open_vaapi(struct fr_gpu_feeder *feeder, const fr_frame *frame, char reason[FR_REASON_BYTES])
{
    fr_vulkan_picture picture;
    AVBufferRef *device = NULL;
    char node[32];
    if (fr_frame_vulkan(frame, &picture) != FR_OK || !picture.render_node)
        return refuse(reason, "the frames' GPU names no render node");
    snprintf(node, sizeof(node), "/dev/dri/renderD%u", picture.render_node);
    if (av_hwdevice_ctx_create(&device, AV_HWDEVICE_TYPE_VAAPI, node, NULL, 0) < 0) {
        snprintf(reason, FR_REASON_BYTES, "VA-API does not open the frames' GPU (%s)", node);
        return FR_ERR_UNSUPPORTED;
    }
    AVBufferRef *frames = av_hwframe_ctx_alloc(device);
    av_buffer_unref(&device);
    if (!frames)
        return FR_ERR_NO_MEMORY;
    AVHWFramesContext *const context = (void *)frames->data;
    context->format = AV_PIX_FMT_VAAPI;
    context->sw_format = frame->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
    context->width = (int)(frame->width & ~1u);
    context->height = (int)(frame->height & ~1u);
    feeder->frames = frames;
    return av_hwframe_ctx_init(frames) < 0 ? refuse(reason, "VA-API has no surfaces of this kind") : FR_OK;
}

/* A first frame shows whether it can be done. */
static fr_status try_frame(struct fr_gpu_feeder *feeder, const fr_frame *frame, char reason[FR_REASON_BYTES])
{
    AVFrame *trial = av_frame_alloc();
    fr_status status = trial ? fr_gpu_feeder_make(feeder, trial, frame, reason) : FR_ERR_NO_MEMORY;
    if (status == FR_OK && !feeder->frames) {
        feeder->frames = av_buffer_ref(trial->hw_frames_ctx);
        status = feeder->frames ? FR_OK : FR_ERR_NO_MEMORY;
    }
    av_frame_free(&trial);
    return status;
}

static fr_status open_cuda(struct fr_gpu_feeder *feeder, struct fr_gpu_keep *keep,
                           char reason[FR_REASON_BYTES])
{
    const fr_status status = keep->cuda ? FR_OK : fr_av_cuda_create(&keep->cuda);
    if (status == FR_ERR_UNSUPPORTED)
        (void)refuse(reason, "framering here was built without CUDA's headers");
    feeder->cuda = keep->cuda;
    return status;
}

fr_status fr_gpu_feeder_open(struct fr_gpu_feeder **out, const AVCodec *codec, const fr_frame *frame,
                             struct fr_gpu_keep *keep, char reason[FR_REASON_BYTES])
{
    *out = NULL;
    const bool cuda = takes(codec, AV_HWDEVICE_TYPE_CUDA);
    if (!cuda && !takes(codec, AV_HWDEVICE_TYPE_VAAPI)) {
        snprintf(reason, FR_REASON_BYTES, "%s reads memory", codec->name);
        return FR_ERR_UNSUPPORTED;
    }
    struct fr_gpu_feeder *feeder = av_mallocz(sizeof(*feeder));
    if (!feeder)
        return FR_ERR_NO_MEMORY;
    feeder->format = cuda ? AV_PIX_FMT_CUDA : AV_PIX_FMT_VAAPI;
    fr_status status = cuda ? open_cuda(feeder, keep, reason) : open_vaapi(feeder, frame, reason);
    if (status == FR_OK)
        status = try_frame(feeder, frame, reason);
    if (status == FR_OK)
        *out = feeder;
    else
        fr_gpu_feeder_close(&feeder);
    return status;
}

void fr_gpu_feeder_close(struct fr_gpu_feeder **feeder)
{
    if (!*feeder)
        return;
    av_buffer_unref(&(*feeder)->frames);
    av_freep(feeder);
}

const char *fr_gpu_feeder_name(const struct fr_gpu_feeder *feeder)
{
    return feeder->format == AV_PIX_FMT_CUDA ? "cuda" : "vaapi";
}

AVBufferRef *fr_gpu_feeder_frames(const struct fr_gpu_feeder *feeder)
{
    return feeder->frames;
}
