/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define VK_NO_PROTOTYPES
#include "encode/av_common.h"
#include "encode/av_vulkan_timelines.h"

#include <framering/ffmpeg.h>
#include <framering/vulkan.h>

#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vulkan.h>
#include <libavutil/mem.h>

#include <pthread.h>
#include <string.h>

enum { EXTENSIONS_MAX = 32 };

/* How many frames see a surface at a time, and as what. In the list until nothing is under way any more: a
 * repeat that meets the release of the last frame goes on with it. */
struct view {
    struct shared *shared;
    struct view *next;
    unsigned refs;    /* frames; this and the next two under the mutex */
    unsigned waiting; /* threads that released the last frame, and wait for FFmpeg's work */
    uint64_t over[2]; /* of the frame's sem_value: was waited for */
    fr_frame frame;
    AVVkFrame *vkf;
    struct fr_av_timeline_pair *pair;
    AVBufferRef *device; /* FFmpeg's, which holds ours */
};

/* What frames share with the object that made them, and outlives it. */
struct shared {
    pthread_mutex_t mutex;
    unsigned refs; /* the object, and each view; under the mutex */
    struct view *views;
};

struct fr_av_vulkan {
    struct shared *shared;
    AVBufferRef *device, *frames; /* NULL: there were no frames yet */
    uint32_t width, height;
    fr_format format;
};

struct device {
    fr_vulkan_device *held;
    struct fr_av_timelines timelines;
    const char *extension[EXTENSIONS_MAX];
    int num_extensions;
};

static AVHWDeviceContext *context_of(const AVBufferRef *ref)
{
    return (AVHWDeviceContext *)(void *)ref->data;
}

static struct device *device_of(const AVBufferRef *ref)
{
    return context_of(ref)->user_opaque;
}

/* ---- FFmpeg's contexts ---- */

static void free_device(AVHWDeviceContext *context)
{
    struct device *device = context->user_opaque;
    if (!device->timelines.device || fr_av_timelines_finish(&device->timelines, device->held))
        fr_vulkan_device_release(&device->held);
    av_free(device);
}

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 29, 100)
static void lock_queue(AVHWDeviceContext *context, uint32_t family, uint32_t index)
{
    const struct device *device = context->user_opaque;
    (void)family, (void)index;
    fr_vulkan_device_lock(device->held);
}

static void unlock_queue(AVHWDeviceContext *context, uint32_t family, uint32_t index)
{
    const struct device *device = context->user_opaque;
    (void)family, (void)index;
    fr_vulkan_device_unlock(device->held);
}
#endif

static PFN_vkGetInstanceProcAddr loader_of(const fr_vulkan_picture *picture)
{
    PFN_vkGetInstanceProcAddr get;
    memcpy(&get, &picture->get_instance_proc_addr, sizeof(get));
    return get;
}

static fr_status load(struct device *device, const fr_vulkan_picture *picture)
{
    const PFN_vkGetDeviceProcAddr get =
        (PFN_vkGetDeviceProcAddr)loader_of(picture)(picture->instance, "vkGetDeviceProcAddr");
    return get ? fr_av_timelines_init(&device->timelines, get, picture) : FR_ERR_UNSUPPORTED;
}

/* FFmpeg 5.1 takes what an extension allows for what the device can: with modifiers it asks for linear images
 * that have a list of modifiers too, which may not be, and semaphores it exports whatever their properties
 * say. */
static const char *const misunderstood[] = {VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
                                            VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME};

static void list_extensions(struct device *device, const fr_vulkan_picture *picture)
{
    for (uint32_t i = 0; i < picture->num_extensions && device->num_extensions < EXTENSIONS_MAX; i++)
        if (strcmp(picture->extensions[i], misunderstood[0]) != 0 &&
            strcmp(picture->extensions[i], misunderstood[1]) != 0)
            device->extension[device->num_extensions++] = picture->extensions[i];
}

static void fill_context(AVHWDeviceContext *context, const fr_vulkan_picture *picture)
{
    AVVulkanDeviceContext *hw = context->hwctx;
    struct device *device = context->user_opaque;
    list_extensions(device, picture);
    const int family = (int)picture->queue_family;
    hw->get_proc_addr = loader_of(picture);
    hw->inst = picture->instance;
    hw->phys_dev = picture->physical_device;
    hw->act_dev = picture->device;
    hw->device_features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    hw->enabled_dev_extensions = device->extension;
    hw->nb_enabled_dev_extensions = device->num_extensions;
    hw->queue_family_index = hw->queue_family_tx_index = hw->queue_family_comp_index = family;
    hw->nb_graphics_queues = hw->nb_tx_queues = hw->nb_comp_queues = 1;
    hw->queue_family_encode_index = hw->queue_family_decode_index = -1;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 29, 100)
    hw->lock_queue = lock_queue;
    hw->unlock_queue = unlock_queue;
#endif
}

static fr_status open_device(const fr_frame *frame, const fr_vulkan_picture *picture, AVBufferRef **out)
{
    *out = NULL;
    AVBufferRef *ref = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_VULKAN);
    if (!ref)
        return FR_ERR_UNSUPPORTED;
    struct device *device = av_mallocz(sizeof(*device));
    if (!device) {
        av_buffer_unref(&ref);
        return FR_ERR_NO_MEMORY;
    }
    AVHWDeviceContext *const context = context_of(ref);
    context->user_opaque = device;
    context->free = free_device;
    fr_status status = fr_frame_vulkan_device(frame, &device->held);
    if (status == FR_OK)
        status = load(device, picture);
    if (status == FR_OK) {
        fill_context(context, picture);
        status = av_hwdevice_ctx_init(ref) < 0 ? FR_ERR_UNSUPPORTED : FR_OK;
    }
    if (status == FR_OK)
        *out = ref;
    else
        av_buffer_unref(&ref);
    return status;
}

static fr_status open_frames(AVBufferRef *device, const fr_frame *frame, AVBufferRef **out)
{
    AVBufferRef *ref = av_hwframe_ctx_alloc(device);
    *out = NULL;
    if (!ref)
        return FR_ERR_NO_MEMORY;
    AVHWFramesContext *const frames = (AVHWFramesContext *)(void *)ref->data;
    AVVulkanFramesContext *const hw = frames->hwctx;
    frames->format = AV_PIX_FMT_VULKAN;
    frames->sw_format = frame->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
    frames->width = (int)frame->width;
    frames->height = (int)frame->height;
    hw->tiling = VK_IMAGE_TILING_LINEAR;
    hw->usage = (VkImageUsageFlagBits)(VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    if (av_hwframe_ctx_init(ref) < 0) {
        av_buffer_unref(&ref);
        return FR_ERR_UNSUPPORTED;
    }
    *out = ref;
    return FR_OK;
}

/* Contexts that fit the frame: those that are there, else new ones. */
static fr_status need_contexts(fr_av_vulkan *av, const fr_frame *frame, const fr_vulkan_picture *picture)
{
    const bool same_device = av->device && device_of(av->device)->timelines.device == picture->device;
    if (same_device && av->frames && av->width == frame->width && av->height == frame->height &&
        av->format == frame->format)
        return FR_OK;
    av_buffer_unref(&av->frames);
    if (!same_device) {
        av_buffer_unref(&av->device);
        const fr_status status = open_device(frame, picture, &av->device);
        if (status != FR_OK)
            return status;
    }
    av->width = frame->width;
    av->height = frame->height;
    av->format = frame->format;
    return open_frames(av->device, frame, &av->frames);
}

/* ---- pictures ---- */

static AVVkFrame *fill_picture(const fr_vulkan_picture *picture)
{
    AVVkFrame *vkf = av_vk_frame_alloc();
    if (!vkf)
        return NULL;
    vkf->tiling = VK_IMAGE_TILING_LINEAR;
    vkf->mem[0] = (VkDeviceMemory)(uintptr_t)picture->memory;
    vkf->size[0] = (size_t)picture->bytes;
    for (int i = 0; i < 2; i++) {
        vkf->img[i] = (VkImage)(uintptr_t)picture->image[i];
        vkf->offset[i] = (ptrdiff_t)picture->offset_bytes[i];
        vkf->layout[i] = (VkImageLayout)picture->layout[i];
    }
    return vkf;
}

static void unref_shared(struct shared *shared)
{
    (void)pthread_mutex_lock(&shared->mutex);
    const bool last = --shared->refs == 0;
    (void)pthread_mutex_unlock(&shared->mutex);
    if (!last)
        return;
    (void)pthread_mutex_destroy(&shared->mutex);
    av_free(shared);
}

/* Nobody else knows it any more. */
static void close_view(struct view *view)
{
    fr_av_timelines_give(&device_of(view->device)->timelines, view->pair, view->vkf);
    av_free(view->vkf);
    fr_frame_release(&view->frame);
    av_buffer_unref(&view->device);
    unref_shared(view->shared);
    av_free(view);
}

/* Under the mutex, by the last that waited. Who finds no view from then on reads in which layouts it left the
 * images. False: a repeat has it again, or what FFmpeg does with it does not end, and all stays as it is. */
static bool take_out(struct view *view)
{
    const AVVkFrame *vkf = view->vkf;
    if (view->refs || view->waiting || view->over[0] != vkf->sem_value[0] ||
        view->over[1] != vkf->sem_value[1])
        return false;
    const uint32_t layout[2] = {(uint32_t)vkf->layout[0], (uint32_t)vkf->layout[1]};
    (void)fr_frame_vulkan_left(&view->frame, layout);
    struct view **at = &view->shared->views;
    while (*at != view)
        at = &(*at)->next;
    *at = view->next;
    return true;
}

static void note_over(struct view *view, const uint64_t value[2])
{
    for (int i = 0; i < 2; i++)
        if (view->over[i] < value[i])
            view->over[i] = value[i];
}

static void release_view(void *opaque, uint8_t *data)
{
    (void)data;
    struct view *view = opaque;
    pthread_mutex_t *mutex = &view->shared->mutex;
    uint64_t value[2];
    (void)pthread_mutex_lock(mutex);
    const bool last = --view->refs == 0;
    view->waiting += last;
    memcpy(value, view->vkf->sem_value, sizeof(value));
    (void)pthread_mutex_unlock(mutex);
    if (!last)
        return;
    const fr_status status = fr_av_timelines_wait(&device_of(view->device)->timelines, view->pair, value);
    (void)pthread_mutex_lock(mutex);
    view->waiting--;
    if (status == FR_OK || status == FR_ERR_DEVICE_LOST)
        note_over(view, value);
    const bool out = take_out(view);
    (void)pthread_mutex_unlock(mutex);
    if (out)
        close_view(view);
}

/* What FFmpeg did with a view when it was released may be over by now. */
static void retire(struct shared *shared)
{
    struct view *out = NULL, *next;
    (void)pthread_mutex_lock(&shared->mutex);
    for (struct view *view = shared->views; view; view = next) {
        next = view->next;
        if (view->refs || view->waiting)
            continue;
        const fr_status status =
            fr_av_timelines_look(&device_of(view->device)->timelines, view->pair, view->vkf->sem_value);
        if (status == FR_OK || status == FR_ERR_DEVICE_LOST)
            note_over(view, view->vkf->sem_value);
        if (take_out(view)) {
            view->next = out;
            out = view;
        }
    }
    (void)pthread_mutex_unlock(&shared->mutex);
    for (; out; out = next) {
        next = out->next;
        close_view(out);
    }
}

/* Two views of one surface would not know of each other's layouts. */
static struct view *find_view(struct shared *shared, const fr_frame *frame)
{
    (void)pthread_mutex_lock(&shared->mutex);
    struct view *view = shared->views;
    while (view && view->frame.surface != frame->surface)
        view = view->next;
    if (view)
        view->refs++;
    (void)pthread_mutex_unlock(&shared->mutex);
    return view;
}

/* There is no view. */
static fr_status make_view(fr_av_vulkan *av, const fr_frame *frame, struct view **out)
{
    fr_vulkan_picture picture;
    fr_status status = fr_frame_vulkan_wait(frame);
    /* Only now: the layouts are those that the last view left. */
    if (status == FR_OK)
        status = fr_frame_vulkan(frame, &picture);
    if (status != FR_OK)
        return status;
    struct view *view = av_mallocz(sizeof(*view));
    AVVkFrame *vkf = fill_picture(&picture);
    AVBufferRef *ref = av_buffer_ref(av->device);
    struct fr_av_timeline_pair *pair = NULL;
    status =
        view && vkf && ref ? fr_av_timelines_take(&device_of(ref)->timelines, &pair, vkf) : FR_ERR_NO_MEMORY;
    if (status != FR_OK) {
        av_buffer_unref(&ref);
        av_free(vkf);
        av_free(view);
        return status;
    }
    *view = (struct view){.shared = av->shared, .refs = 1, .vkf = vkf, .pair = pair, .device = ref};
    fr_frame_ref(&view->frame, frame);
    (void)pthread_mutex_lock(&av->shared->mutex);
    view->next = av->shared->views;
    av->shared->views = view;
    av->shared->refs++;
    (void)pthread_mutex_unlock(&av->shared->mutex);
    *out = view;
    return FR_OK;
}

static fr_status fill(AVFrame *out, struct view *view, AVBufferRef *frames, const fr_frame *frame)
{
    out->buf[0] = av_buffer_create((uint8_t *)view->vkf, sizeof(*view->vkf), release_view, view, 0);
    if (!out->buf[0]) {
        release_view(view, NULL);
        return FR_ERR_NO_MEMORY;
    }
    out->data[0] = (uint8_t *)view->vkf;
    out->format = AV_PIX_FMT_VULKAN;
    out->hw_frames_ctx = av_buffer_ref(frames);
    return out->hw_frames_ctx ? fr_av_describe(out, frame) : FR_ERR_NO_MEMORY;
}

fr_status fr_av_vulkan_wrap(fr_av_vulkan *av, const fr_frame *frame, AVFrame *out)
{
    fr_vulkan_picture picture;
    if (!av || !frame || !out)
        return FR_ERR_ARGUMENT;
    fr_status status = frame->surface ? fr_frame_vulkan(frame, &picture) : FR_ERR_UNSUPPORTED;
    if (status != FR_OK)
        return status;
    if (!picture.image[0] || !picture.image[1])
        return FR_ERR_UNSUPPORTED;
    status = need_contexts(av, frame, &picture);
    if (status != FR_OK)
        return status;
    retire(av->shared);
    struct view *view = find_view(av->shared, frame);
    if (!view)
        status = make_view(av, frame, &view);
    if (status == FR_OK)
        status = fill(out, view, av->frames, frame);
    if (status != FR_OK)
        av_frame_unref(out);
    return status;
}

fr_status fr_av_vulkan_create(fr_av_vulkan **out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    fr_av_vulkan *av = av_mallocz(sizeof(*av));
    struct shared *shared = av_mallocz(sizeof(*shared));
    if (!av || !shared || pthread_mutex_init(&shared->mutex, NULL)) {
        av_free(av);
        av_free(shared);
        return FR_ERR_NO_MEMORY;
    }
    shared->refs = 1;
    av->shared = shared;
    *out = av;
    return FR_OK;
}

void fr_av_vulkan_destroy(fr_av_vulkan **av_)
{
    if (!av_ || !*av_)
        return;
    fr_av_vulkan *av = *av_;
    *av_ = NULL;
    retire(av->shared);
    av_buffer_unref(&av->frames);
    av_buffer_unref(&av->device);
    unref_shared(av->shared);
    av_free(av);
}
