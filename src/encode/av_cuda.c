/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/av_common.h"
#include "encode/av_cuda_driver.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_cuda.h>
#include <libavutil/mem.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE_NS UINT64_C(1000000000)

/* More than a capture has surfaces. */
enum { IMPORTS_MAX = 32 };

/* Of FFmpeg's device context, which frees it. */
struct device {
    struct fr_cuda cuda;
    fr_vulkan_device *held; /* so that its VkDevice means this device, and no later one */
    struct VkDevice_T *device;
    void (*free)(AVHWDeviceContext *context); /* FFmpeg's own; may be NULL */
    pthread_mutex_t mutex;
    struct view *hung; /* released, but not over; under it */
};

/* Of FFmpeg's frames context: an encoder that has registered these addresses holds it. */
struct imports {
    uint32_t count;
    struct {
        uint32_t id;
        struct fr_cuda_memory memory;
    } of[IMPORTS_MAX];
};

struct fr_av_cuda {
    AVBufferRef *device, *frames; /* NULL: there were no frames yet */
    uint32_t width, height;
    fr_format format;
    uint64_t offset_bytes[2], pitch_bytes;
    char reason[FR_REASON_BYTES];
};

/* What an AVFrame holds. */
struct view {
    fr_frame frame;
    AVBufferRef *frames;
    struct view *next;
};

static AVHWDeviceContext *device_context(const AVBufferRef *ref)
{
    return (AVHWDeviceContext *)(void *)ref->data;
}

static AVHWFramesContext *frames_context(const AVBufferRef *ref)
{
    return (AVHWFramesContext *)(void *)ref->data;
}

static fr_status fail(fr_av_cuda *av, fr_status status, const char *reason)
{
    snprintf(av->reason, sizeof(av->reason), "%s", reason);
    return status;
}

/* ---- FFmpeg's contexts ---- */

static void free_device(AVHWDeviceContext *context)
{
    struct device *device = context->user_opaque;
    if (device->free)
        device->free(context);
    fr_cuda_unload(&device->cuda);
    fr_vulkan_device_release(&device->held);
    (void)pthread_mutex_destroy(&device->mutex);
    av_free(device);
}

static fr_status create_context(fr_av_cuda *av, int number, AVBufferRef **out)
{
    char name[16], text[AV_ERROR_MAX_STRING_SIZE] = "";
    snprintf(name, sizeof(name), "%d", number);
    const int error = av_hwdevice_ctx_create(out, AV_HWDEVICE_TYPE_CUDA, name, NULL, 0);
    if (error >= 0)
        return FR_OK;
    *out = NULL;
    if (error == AVERROR(ENOSYS))
        return fail(av, FR_ERR_UNSUPPORTED, "FFmpeg here was built without CUDA");
    av_strerror(error, text, sizeof(text));
    snprintf(av->reason, sizeof(av->reason), "FFmpeg does not open CUDA's device %d: %s", number, text);
    return error == AVERROR(ENOMEM) ? FR_ERR_NO_MEMORY : FR_ERR_UNSUPPORTED;
}

static fr_status open_device(fr_av_cuda *av, const fr_frame *frame, const fr_vulkan_picture *picture)
{
    struct device *device = av_mallocz(sizeof(*device));
    AVBufferRef *ref = NULL;
    int number = 0;
    if (!device || pthread_mutex_init(&device->mutex, NULL)) {
        av_free(device);
        return fail(av, FR_ERR_NO_MEMORY, "memory ran out");
    }
    fr_status status = fr_cuda_load(&device->cuda, av->reason);
    if (status == FR_OK)
        status = fr_cuda_find(&device->cuda, picture->device_uuid, &number, av->reason);
    if (status == FR_OK)
        status = fr_frame_vulkan_device(frame, &device->held);
    if (status == FR_OK)
        status = create_context(av, number, &ref);
    if (status != FR_OK) {
        fr_cuda_unload(&device->cuda);
        fr_vulkan_device_release(&device->held);
        (void)pthread_mutex_destroy(&device->mutex);
        av_free(device);
        return status;
    }
    device->device = picture->device;
    device->free = device_context(ref)->free;
    device_context(ref)->user_opaque = device;
    device_context(ref)->free = free_device;
    av->device = ref;
    return FR_OK;
}

static void free_imports(AVHWFramesContext *context)
{
    struct imports *imports = context->user_opaque;
    const struct device *device = context->device_ctx->user_opaque;
    const AVCUDADeviceContext *cuda = context->device_ctx->hwctx;
    for (uint32_t i = 0; i < imports->count; i++)
        fr_cuda_free(&device->cuda, cuda->cuda_ctx, &imports->of[i].memory);
    av_free(imports);
}

/* Encoders take plane 1 to lie so many rows of plane 0 behind it as the context says. */
static fr_status open_frames(fr_av_cuda *av)
{
    struct imports *imports = av_mallocz(sizeof(*imports));
    AVBufferRef *ref = imports ? av_hwframe_ctx_alloc(av->device) : NULL;
    if (!ref) {
        av_free(imports);
        return fail(av, FR_ERR_NO_MEMORY, "memory ran out");
    }
    AVHWFramesContext *const frames = frames_context(ref);
    frames->format = AV_PIX_FMT_CUDA;
    frames->sw_format = av->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
    frames->width = (int)((av->width + 1) & ~1u);
    frames->height = (int)((av->offset_bytes[1] - av->offset_bytes[0]) / av->pitch_bytes);
    frames->user_opaque = imports;
    frames->free = free_imports;
    if (av_hwframe_ctx_init(ref) < 0) {
        av_buffer_unref(&ref);
        return fail(av, FR_ERR_UNSUPPORTED, "FFmpeg does not take such frames of CUDA's");
    }
    av->frames = ref;
    return FR_OK;
}

static bool same_kind(const fr_av_cuda *av, const fr_frame *frame, const fr_vulkan_picture *picture)
{
    return av->width == frame->width && av->height == frame->height && av->format == frame->format &&
           av->pitch_bytes == picture->pitch_bytes[0] && av->offset_bytes[0] == picture->offset_bytes[0] &&
           av->offset_bytes[1] == picture->offset_bytes[1];
}

/* Contexts that fit the frame: those that are there, else new ones. */
static fr_status need_contexts(fr_av_cuda *av, const fr_frame *frame, const fr_vulkan_picture *picture)
{
    const struct device *device = av->device ? device_context(av->device)->user_opaque : NULL;
    const bool same_device = device && device->device == picture->device;
    if (same_device && av->frames && same_kind(av, frame, picture))
        return FR_OK;
    av_buffer_unref(&av->frames);
    if (!same_device) {
        av_buffer_unref(&av->device);
        const fr_status status = open_device(av, frame, picture);
        if (status != FR_OK)
            return status;
    }
    av->width = frame->width;
    av->height = frame->height;
    av->format = frame->format;
    av->pitch_bytes = picture->pitch_bytes[0];
    memcpy(av->offset_bytes, picture->offset_bytes, sizeof(av->offset_bytes));
    return open_frames(av);
}

/* ---- pictures ---- */

static fr_status import(fr_av_cuda *av, const fr_frame *frame, const fr_vulkan_picture *picture,
                        struct imports *imports)
{
    const AVHWDeviceContext *const context = device_context(av->device);
    const struct device *device = context->user_opaque;
    const AVCUDADeviceContext *cuda = context->hwctx;
    int fd;
    fr_status status = fr_frame_vulkan_export(frame, FR_VULKAN_HANDLE_OPAQUE_FD, &fd);
    if (status == FR_ERR_UNSUPPORTED)
        return fail(av, status, "the frames' device does not export their memory as OPAQUE_FD");
    if (status != FR_OK)
        return fail(av, status, "the GPU does not hand the frame out");
    status = fr_cuda_import(&device->cuda, cuda->cuda_ctx, fd, picture->bytes,
                            &imports->of[imports->count].memory, av->reason);
    if (status == FR_OK)
        imports->of[imports->count++].id = picture->id;
    return status;
}

static fr_status find_import(fr_av_cuda *av, const fr_frame *frame, const fr_vulkan_picture *picture,
                             CUdeviceptr *at)
{
    struct imports *imports = frames_context(av->frames)->user_opaque;
    uint32_t i = 0;
    while (i < imports->count && imports->of[i].id != picture->id)
        i++;
    if (i == IMPORTS_MAX) {
        av_buffer_unref(&av->frames);
        const fr_status status = open_frames(av);
        if (status != FR_OK)
            return status;
        imports = frames_context(av->frames)->user_opaque;
        i = 0;
    }
    const fr_status status = i < imports->count ? FR_OK : import(av, frame, picture, imports);
    if (status == FR_OK)
        *at = imports->of[i].memory.at;
    return status;
}

/* What was given to the context's stream may still read the pixels. False: it goes on. */
static bool close_view(struct view *view, uint64_t timeout_ns)
{
    const AVHWDeviceContext *const context = frames_context(view->frames)->device_ctx;
    const struct device *device = context->user_opaque;
    const AVCUDADeviceContext *cuda = context->hwctx;
    if (!fr_cuda_settle(&device->cuda, cuda->cuda_ctx, cuda->stream, timeout_ns))
        return false;
    fr_frame_release(&view->frame);
    av_buffer_unref(&view->frames);
    av_free(view);
    return true;
}

static void keep(struct view *view)
{
    struct device *device = frames_context(view->frames)->device_ctx->user_opaque;
    (void)pthread_mutex_lock(&device->mutex);
    view->next = device->hung;
    device->hung = view;
    (void)pthread_mutex_unlock(&device->mutex);
}

static void release_view(void *opaque, uint8_t *data)
{
    (void)data;
    if (!close_view(opaque, PATIENCE_NS))
        keep(opaque);
}

/* What went on when it was released may be over by now. */
static void retire(const fr_av_cuda *av)
{
    if (!av->device)
        return;
    struct device *device = device_context(av->device)->user_opaque;
    (void)pthread_mutex_lock(&device->mutex);
    struct view *view = device->hung, *next;
    device->hung = NULL;
    (void)pthread_mutex_unlock(&device->mutex);
    for (; view; view = next) {
        next = view->next;
        if (!close_view(view, 0))
            keep(view);
    }
}

static fr_status fill(const fr_av_cuda *av, const fr_frame *frame, CUdeviceptr at, AVFrame *out)
{
    struct view *view = av_mallocz(sizeof(*view));
    AVBufferRef *held = view ? av_buffer_ref(av->frames) : NULL;
    uint8_t *const pixels = (uint8_t *)(uintptr_t)at;
    const size_t rows = (size_t)(av->offset_bytes[1] / av->pitch_bytes) + (av->height + 1) / 2;
    out->buf[0] = held ? av_buffer_create(pixels, rows * av->pitch_bytes, release_view, view, 0) : NULL;
    if (!out->buf[0]) {
        av_buffer_unref(&held);
        av_free(view);
        return FR_ERR_NO_MEMORY;
    }
    view->frames = held;
    fr_frame_ref(&view->frame, frame);
    for (int i = 0; i < 2; i++) {
        out->data[i] = pixels + av->offset_bytes[i];
        out->linesize[i] = (int)av->pitch_bytes;
    }
    out->format = AV_PIX_FMT_CUDA;
    out->hw_frames_ctx = av_buffer_ref(av->frames);
    return out->hw_frames_ctx ? fr_av_describe(out, frame) : FR_ERR_NO_MEMORY;
}

/* As one address, one pitch and a number of rows. */
static bool is_one_block(const fr_vulkan_picture *picture)
{
    const uint64_t pitch = picture->pitch_bytes[0];
    return pitch && pitch == picture->pitch_bytes[1] && pitch <= INT32_MAX &&
           picture->offset_bytes[1] > picture->offset_bytes[0] &&
           (picture->offset_bytes[1] - picture->offset_bytes[0]) % (2 * pitch) == 0;
}

fr_status fr_av_cuda_wrap(fr_av_cuda *av, const fr_frame *frame, AVFrame *out)
{
    fr_vulkan_picture picture;
    CUdeviceptr at = 0;
    if (!av || !frame || !out)
        return FR_ERR_ARGUMENT;
    av->reason[0] = '\0';
    fr_status status = frame->surface ? fr_frame_vulkan(frame, &picture) : FR_ERR_UNSUPPORTED;
    if (status != FR_OK)
        return fail(av, status, "the frame does not lie on a GPU");
    if (!is_one_block(&picture))
        return fail(av, FR_ERR_UNSUPPORTED, "the frame's planes do not lie as CUDA's encoders take them");
    status = fr_frame_vulkan_wait(frame);
    if (status != FR_OK)
        return fail(av, status, "the GPU does not hand the frame out");
    retire(av);
    status = need_contexts(av, frame, &picture);
    if (status == FR_OK)
        status = find_import(av, frame, &picture, &at);
    if (status != FR_OK)
        return status;
    status = fill(av, frame, at, out);
    if (status == FR_OK)
        return FR_OK;
    av_frame_unref(out);
    return fail(av, status, "memory ran out");
}

const char *fr_av_cuda_reason(const fr_av_cuda *av)
{
    return av ? av->reason : "";
}

fr_status fr_av_cuda_create(fr_av_cuda **out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = av_mallocz(sizeof(**out));
    return *out ? FR_OK : FR_ERR_NO_MEMORY;
}

void fr_av_cuda_destroy(fr_av_cuda **av)
{
    if (!av || !*av)
        return;
    retire(*av);
    av_buffer_unref(&(*av)->frames);
    av_buffer_unref(&(*av)->device);
    av_freep(av);
}
