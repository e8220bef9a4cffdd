/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cuda_rig.h"

#include <ffnvcodec/dynlink_cuda.h>

#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_cuda.h>

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLIPS = 200 };

/* What is called of CUDA here, beside framering and FFmpeg. */
struct driver {
    tcuCtxPushCurrent_v2 *push;
    tcuCtxPopCurrent_v2 *pop;
    tcuMemcpyDtoHAsync_v2 *copy;
    tcuStreamSynchronize *synchronize;
    CUresult (*alloc_host)(void **out, size_t bytes);
    CUresult (*free_host)(void *at);
    CUresult (*mem_info)(size_t *unused, size_t *total);
};

static struct driver load_driver(void)
{
    static const char *const names[] = {"cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2", "cuMemcpyDtoHAsync_v2",
                                        "cuStreamSynchronize", "cuMemAllocHost_v2",  "cuMemFreeHost",
                                        "cuMemGetInfo_v2"};
    struct driver driver;
    void *symbols[sizeof(names) / sizeof(names[0])];
    void *const library = dlopen("libcuda.so.1", RTLD_NOW);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        symbols[i] = dlsym(library, names[i]);
    _Static_assert(sizeof(driver) == sizeof(symbols), "one name for each");
    memcpy(&driver, symbols, sizeof(driver));
    return driver;
}

static AVCUDADeviceContext *context_of(const AVFrame *gpu)
{
    const AVHWFramesContext *frames = (AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data;
    return frames->device_ctx->hwctx;
}

/* Rows of luma that are not the first picture's. */
static bool is_torn(const struct rig *rig, const uint8_t *copy, int pitch)
{
    for (uint32_t y = 0; y < rig->params.height; y++)
        if (memcmp(copy + (ptrdiff_t)y * pitch, rig->wanted + (ptrdiff_t)y * rig->wanted_pitch,
                   rig->params.width))
            return true;
    return false;
}

/* µs that letting the frame go took. */
static double late_once(fr_av_cuda *av, struct rig *rig, struct rig_slot *other, const struct driver *cuda,
                        void *copy, bool held, bool *torn)
{
    enum { COPIES = 4 };
    AVFrame *gpu = av_frame_alloc();
    struct rig_slot first = rig->slot;
    rig_convert(rig, 0);
    rig_wrap(av, rig, 0, gpu);
    CUcontext ours, context = context_of(gpu)->cuda_ctx;
    const int pitch = gpu->linesize[0];
    const size_t bytes = (size_t)pitch * rig->params.height;
    must(cuda->push(context) == CUDA_SUCCESS, "no context");
    for (int i = 0; i < COPIES; i++)
        must(cuda->copy(copy, (CUdeviceptr)(uintptr_t)gpu->data[0], bytes, NULL) == CUDA_SUCCESS, "no copy");
    (void)cuda->pop(&ours);
    const uint64_t begin = fr_clock_now_ns();
    if (!held)
        av_frame_free(&gpu);
    const double us = us_since(begin);
    rig->slot = *other;
    rig_convert(rig, 0);
    rig->slot = first;
    must(cuda->push(context) == CUDA_SUCCESS && cuda->synchronize(NULL) == CUDA_SUCCESS,
         "no end of the copies");
    (void)cuda->pop(&ours);
    *torn = is_torn(rig, copy, pitch);
    av_frame_free(&gpu);
    return us;
}

bool cuda_late(struct fr_vk_device *device, uint32_t rounds)
{
    static struct times freed;
    const struct driver cuda = load_driver();
    struct rig rig;
    struct rig_slot other;
    fr_av_cuda *av;
    void *copy = NULL;
    uint32_t num_torn[2] = {0};
    if (!cuda.copy || !cuda.alloc_host)
        return true;
    rig_open(&rig, device, &cuda_kinds[0], &cuda_sizes[1]);
    uint32_t *black = calloc((size_t)cuda_sizes[1].width * cuda_sizes[1].height, 4);
    rig_slot_init_with(&other, device, &rig.params, false, black);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    AVFrame *gpu = av_frame_alloc(); /* keeps the context */
    rig_wrap(av, &rig, 1, gpu);
    CUcontext ours;
    must(cuda.push(context_of(gpu)->cuda_ctx) == CUDA_SUCCESS &&
             cuda.alloc_host(&copy, (size_t)gpu->linesize[0] * cuda_sizes[1].height) == CUDA_SUCCESS,
         "no memory");
    (void)cuda.pop(&ours);
    freed.count = 0;
    for (uint32_t i = 0; i < 2 * rounds; i++) {
        bool torn;
        const double us = late_once(av, &rig, &other, &cuda, copy, i % 2, &torn);
        num_torn[i % 2] += torn;
        if (i % 2 == 0)
            freed.value[freed.count++] = us;
    }
    printf("{\"part\": \"late\", \"rounds\": %u, \"torn\": %u, \"torn_in_control\": %u", rounds, num_torn[0],
           num_torn[1]);
    print_times("free", &freed);
    printf("}\n");
    must(cuda.push(context_of(gpu)->cuda_ctx) == CUDA_SUCCESS, "no context");
    (void)cuda.free_host(copy);
    (void)cuda.pop(&ours);
    av_frame_free(&gpu);
    fr_av_cuda_destroy(&av);
    rig_slot_finish(&other, device);
    rig_close(&rig);
    free(black);
    return num_torn[0] == 0;
}

struct holds {
    size_t descriptors, mappings, gpu_bytes;
};

static size_t count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    size_t lines = 0;
    for (int c; file && (c = fgetc(file)) != EOF;)
        lines += c == '\n';
    if (file)
        (void)fclose(file);
    return lines;
}

static struct holds look(const AVFrame *gpu)
{
    struct holds holds = {.mappings = count_lines("/proc/self/maps")};
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        holds.descriptors++;
    if (folder)
        (void)closedir(folder);
    const struct driver cuda = load_driver();
    size_t unused = 0, total = 0;
    CUcontext ours;
    if (cuda.mem_info && cuda.push(context_of(gpu)->cuda_ctx) == CUDA_SUCCESS) {
        (void)cuda.mem_info(&unused, &total);
        (void)cuda.pop(&ours);
    }
    holds.gpu_bytes = total - unused;
    return holds;
}

bool cuda_steady(struct fr_vk_device *device, uint32_t wraps)
{
    struct rig rig[2];
    fr_av_cuda *av;
    AVFrame *gpu = av_frame_alloc();
    struct holds before = {0}, after = {0};
    rig_open(&rig[0], device, &cuda_kinds[0], &cuda_sizes[0]);
    rig_open(&rig[1], device, &cuda_kinds[1], &cuda_sizes[3]);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    for (uint32_t flip = 0; flip <= FLIPS; flip++) {
        struct rig *const now = &rig[flip % 2];
        for (uint32_t i = 0; i < wraps / FLIPS; i++) {
            rig_wrap(av, now, i % SURFACES, gpu);
            av_frame_unref(gpu);
        }
        rig_wrap(av, now, 0, gpu);
        must(flip % 20 || rig_download_wrong(now, gpu) == 0, "a wrong picture after a change of the size");
        if (flip == 20)
            before = look(gpu);
        if (flip == FLIPS)
            after = look(gpu);
        av_frame_unref(gpu);
    }
    av_frame_free(&gpu);
    fr_av_cuda_destroy(&av);
    rig_close(&rig[0]);
    rig_close(&rig[1]);
    printf("{\"part\": \"steady\", \"wraps\": %u, \"flips\": %d, \"descriptors\": [%zu, %zu], \"mappings\": "
           "[%zu, %zu], "
           "\"gpu_bytes\": [%zu, %zu]}\n",
           wraps, FLIPS, before.descriptors, after.descriptors, before.mappings, after.mappings,
           before.gpu_bytes, after.gpu_bytes);
    return before.descriptors == after.descriptors;
}
