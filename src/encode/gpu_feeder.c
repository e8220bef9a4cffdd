/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/gpu_feeder.h"

#include "encode/av_vaapi.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/mem.h>

#include <stdio.h>

struct fr_gpu_feeder {
    AVBufferRef *frames;
    struct fr_av_vaapi *vaapi; /* NULL: CUDA */
    fr_av_cuda *cuda;          /* the keep's */
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

fr_status fr_gpu_feeder_make(struct fr_gpu_feeder *feeder, AVFrame *out, const fr_frame *frame,
                             char reason[FR_REASON_BYTES])
{
    const fr_status status = feeder->vaapi ? fr_av_vaapi_make(feeder->vaapi, out, frame, reason)
                                           : make_cuda(feeder, out, frame, reason);
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

static fr_status open_vaapi(struct fr_gpu_feeder *feeder, const fr_frame *frame, char reason[FR_REASON_BYTES])
{
    const fr_status status = fr_av_vaapi_open(&feeder->vaapi, frame, reason);
    if (status == FR_OK)
        feeder->frames = av_buffer_ref(fr_av_vaapi_context(feeder->vaapi));
    return status == FR_OK && !feeder->frames ? FR_ERR_NO_MEMORY : status;
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
    fr_av_vaapi_close(&(*feeder)->vaapi);
    av_freep(feeder);
}

const char *fr_gpu_feeder_name(const struct fr_gpu_feeder *feeder)
{
    return feeder->vaapi ? "vaapi" : "cuda";
}

AVBufferRef *fr_gpu_feeder_frames(const struct fr_gpu_feeder *feeder)
{
    return feeder->frames;
}
