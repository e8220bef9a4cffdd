/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * framering-bench-cuda: whether frames that lie in Vulkan are the same in CUDA, and what handing them over
 * costs, beside reading them back. Not installed. A line of JSON each:
 *
 * check: pictures of every size, downloaded by FFmpeg from its CUDA frame, byte by byte against the CPU's
 * converter. fresh: many pictures one after the other through the same surfaces, likewise. wrap: µs of
 * fr_av_cuda_wrap and the release of its frame; from a conversion's submission until its pixels can be read
 * by CUDA, or by the CPU (fr_frame_map).
 * steady: wraps and changes of the size; what the process and the GPU hold before and after.
 */
#include "convert_rig.h"

#include "capture/out_ring.h"

#include <ffnvcodec/dynlink_cuda.h>

#include <framering/ffmpeg.h>

#include <libavutil/frame.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_cuda.h>

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SURFACES = 3, FRESH = 300, FLIPS = 200, SAMPLES_MAX = 4096 };

static const struct kind {
    const char *name;
    fr_format from, to;
} kinds[] = {{"bgra8-nv12", FR_FORMAT_BGRA8, FR_FORMAT_NV12},
             {"rgb10a2-p010", FR_FORMAT_RGB10A2, FR_FORMAT_P010}};

static const struct size {
    uint32_t width, height;
} sizes[] = {{1920, 1080}, {3840, 2160}, {7680, 4320}, {1366, 768}, {321, 137}, {1, 1}};

enum { NUM_KINDS = sizeof(kinds) / sizeof(kinds[0]), NUM_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* The surfaces of a capture, and what fills them. */
struct rig {
    struct fr_vk_device *device;
    struct fr_vk_converter *converter;
    fr_converter *cpu;
    fr_convert_params params;
    struct rig_slot slot;
    struct fr_out_ring ring;
    uint32_t *pixels;
    uint8_t *wanted;
    ptrdiff_t wanted_pitch;
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "framering-bench-cuda: %s\n", what);
    exit(1);
}

static void randomize(struct rig *rig, uint64_t seed)
{
    const size_t count = (size_t)rig->params.width * rig->params.height;
    for (size_t i = 0; i < count; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        rig->pixels[i] = (uint32_t)(seed >> 32);
    }
    void *const planes[2] = {rig->wanted, rig->wanted + (ptrdiff_t)rig->params.height * rig->wanted_pitch};
    const ptrdiff_t pitches[2] = {rig->wanted_pitch, rig->wanted_pitch};
    fr_converter_run(rig->cpu, (const uint8_t *)rig->pixels, (ptrdiff_t)rig->params.width * 4, planes,
                     pitches);
    if (rig->slot.memory)
        rig_slot_finish(&rig->slot, rig->device);
    rig_slot_init_with(&rig->slot, rig->device, &rig->params, false, rig->pixels);
}

static void convert(struct rig *rig, uint32_t surface)
{
    uint64_t done;
    must(fr_vk_convert(rig->converter, &rig->slot.input, NULL, rig->ring.surface[surface].picture.object,
                       &done) == FR_OK,
         "no conversion");
}

static void rig_open(struct rig *rig, struct fr_vk_device *device, const struct kind *kind,
                     const struct size *size)
{
    *rig = (struct rig){
        .device = device,
        .params = {.from = kind->from, .to = kind->to, .width = size->width, .height = size->height}};
    rig->ring = (struct fr_out_ring){.refs = 1,
                                     .count = SURFACES,
                                     .picture_destroy = fr_vk_picture_destroy,
                                     .picture_map = fr_vk_picture_map};
    rig->wanted_pitch = (ptrdiff_t)(size->width + 1) * 2;
    rig->pixels = calloc((size_t)size->width * size->height, 4);
    rig->wanted = calloc(2 * ((size_t)size->height + 1), (size_t)rig->wanted_pitch);
    must(rig->pixels && rig->wanted && fr_converter_create(&rig->cpu, &rig->params) == FR_OK, "no memory");
    must(fr_vk_converter_create(&rig->converter, device, &rig->params, false, NULL) == FR_OK, "no converter");
    randomize(rig, size->width);
    for (uint32_t i = 0; i < SURFACES; i++) {
        rig->ring.surface[i].ring = &rig->ring;
        must(fr_vk_picture_create(device, size->width, size->height, kind->to,
                                  &rig->ring.surface[i].picture) == FR_OK,
             "no picture");
        convert(rig, i);
    }
}

static void rig_close(struct rig *rig)
{
    for (uint32_t i = 0; i < SURFACES; i++) {
        must(rig->ring.surface[i].refs == 0, "a surface is still held");
        fr_vk_picture_destroy(&rig->ring.surface[i].picture);
    }
    rig_slot_finish(&rig->slot, rig->device);
    fr_vk_converter_destroy(rig->converter);
    fr_converter_destroy(&rig->cpu);
    free(rig->pixels);
    free(rig->wanted);
}

static fr_frame frame_of(struct rig *rig, uint32_t surface)
{
    return (fr_frame){.width = rig->params.width,
                      .height = rig->params.height,
                      .format = rig->params.to,
                      .colour = fr_colour_of(rig->params.to),
                      .has_hdr = rig->params.to == FR_FORMAT_P010,
                      .hdr = fr_hdr_metadata_generic(),
                      .surface = &rig->ring.surface[surface]};
}

static void wrap(fr_av_cuda *av, struct rig *rig, uint32_t surface, AVFrame *out)
{
    const fr_frame frame = frame_of(rig, surface);
    const fr_status status = fr_av_cuda_wrap(av, &frame, out);
    must(status == FR_OK, status == FR_ERR_UNSUPPORTED ? fr_av_cuda_reason(av) : "no wrap");
}

/* Codes of the picture that differ from the CPU's. */
static size_t count_wrong(const struct rig *rig, const AVFrame *cpu)
{
    const size_t sample = rig->params.to == FR_FORMAT_P010 ? 2 : 1;
    size_t wrong = 0;
    for (uint32_t plane = 0; plane < 2; plane++) {
        const uint8_t *const wanted =
            rig->wanted + (plane ? (ptrdiff_t)rig->params.height * rig->wanted_pitch : 0);
        /* FFmpeg downloads as many chroma rows and columns as there are whole ones. */
        const uint32_t rows = plane ? rig->params.height / 2 : rig->params.height;
        const size_t row = (plane ? rig->params.width / 2 * 2 : rig->params.width) * sample;
        for (uint32_t y = 0; y < rows; y++)
            wrong += memcmp(cpu->data[plane] + (ptrdiff_t)y * cpu->linesize[plane],
                            wanted + (ptrdiff_t)y * rig->wanted_pitch, row) != 0;
    }
    return wrong;
}

static size_t download_wrong(const struct rig *rig, const AVFrame *gpu)
{
    AVFrame *cpu = av_frame_alloc();
    must(cpu && av_hwframe_transfer_data(cpu, gpu, 0) == 0, "no download");
    const size_t wrong = count_wrong(rig, cpu);
    av_frame_free(&cpu);
    return wrong;
}

static bool check(struct fr_vk_device *device, const struct kind *kind, const struct size *size)
{
    struct rig rig;
    fr_av_cuda *av;
    size_t wrong = 0;
    rig_open(&rig, device, kind, size);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    int pitch = 0, rows = 0;
    for (uint32_t i = 0; i < SURFACES; i++) {
        AVFrame *gpu = av_frame_alloc();
        wrap(av, &rig, i, gpu);
        pitch = gpu->linesize[0];
        rows = ((AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data)->height;
        must(gpu->data[1] == gpu->data[0] + (ptrdiff_t)rows * pitch, "the planes are not one block");
        wrong += download_wrong(&rig, gpu);
        av_frame_free(&gpu);
    }
    fr_av_cuda_destroy(&av);
    rig_close(&rig);
    printf(
        "{\"part\": \"check\", \"pair\": \"%s\", \"width\": %u, \"height\": %u, \"pitch\": %d, \"rows\": %d, "
        "\"wrong_rows\": %zu}\n",
        kind->name, size->width, size->height, pitch, rows, wrong);
    return wrong == 0;
}

static bool fresh(struct fr_vk_device *device, const struct kind *kind)
{
    static const struct size size = {640, 360};
    struct rig rig;
    fr_av_cuda *av;
    size_t wrong = 0;
    rig_open(&rig, device, kind, &size);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    for (uint32_t i = 0; i < FRESH; i++) {
        AVFrame *gpu = av_frame_alloc();
        randomize(&rig, i);
        convert(&rig, i % SURFACES);
        wrap(av, &rig, i % SURFACES, gpu);
        wrong += download_wrong(&rig, gpu) != 0;
        av_frame_free(&gpu);
    }
    fr_av_cuda_destroy(&av);
    rig_close(&rig);
    printf("{\"part\": \"fresh\", \"pair\": \"%s\", \"pictures\": %d, \"wrong\": %zu}\n", kind->name, FRESH,
           wrong);
    return wrong == 0;
}

static double us_since(uint64_t begin_ns)
{
    return (double)(fr_clock_now_ns() - begin_ns) / 1e3;
}

struct times {
    double value[SAMPLES_MAX];
    uint32_t count;
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double at(struct times *times, double part)
{
    qsort(times->value, times->count, sizeof(double), compare);
    return times->value[(uint32_t)(part * (times->count - 1))];
}

static void print_times(const char *name, struct times *times)
{
    printf(", \"%s_us\": [%.2f, %.2f]", name, at(times, 0.5), at(times, 0.99));
}

static void time_map(struct rig *rig, uint32_t frames, struct times *map, struct times *mapped)
{
    map->count = mapped->count = 0;
    for (uint32_t i = 0; i < frames; i++) {
        fr_frame frame, of = frame_of(rig, i % SURFACES);
        const uint64_t begin = fr_clock_now_ns();
        convert(rig, i % SURFACES);
        fr_frame_ref(&frame, &of);
        must(fr_frame_map(&frame) == FR_OK, "no map");
        mapped->value[mapped->count++] = us_since(begin);
        fr_frame_release(&frame);
    }
    for (uint32_t i = 0; i < frames; i++) {
        fr_frame frame, of = frame_of(rig, i % SURFACES);
        const uint64_t begin = fr_clock_now_ns();
        fr_frame_ref(&frame, &of);
        must(fr_frame_map(&frame) == FR_OK, "no map");
        fr_frame_release(&frame);
        map->value[map->count++] = us_since(begin);
    }
}

/* Surfaces that are never mapped, and then, as the copies go on from then, such as are. */
static void time_wrap(struct fr_vk_device *device, const struct kind *kind, const struct size *size,
                      uint32_t frames)
{
    static struct times idle, wrapped, download, map, mapped;
    struct rig rig;
    fr_av_cuda *av;
    idle.count = wrapped.count = download.count = 0;
    rig_open(&rig, device, kind, size);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    AVFrame *gpu = av_frame_alloc(), *cpu = av_frame_alloc();
    uint64_t begin = fr_clock_now_ns();
    wrap(av, &rig, 0, gpu);
    const double first = us_since(begin);
    av_frame_unref(gpu);
    begin = fr_clock_now_ns();
    wrap(av, &rig, 1, gpu);
    const double import = us_since(begin);
    av_frame_unref(gpu);
    wrap(av, &rig, 2, gpu);
    av_frame_unref(gpu);
    for (uint32_t i = 0; i < frames; i++) {
        begin = fr_clock_now_ns();
        wrap(av, &rig, i % SURFACES, gpu);
        av_frame_unref(gpu);
        idle.value[idle.count++] = us_since(begin);
    }
    for (uint32_t i = 0; i < frames; i++) {
        begin = fr_clock_now_ns();
        convert(&rig, i % SURFACES);
        wrap(av, &rig, i % SURFACES, gpu);
        wrapped.value[wrapped.count++] = us_since(begin);
        av_frame_unref(gpu);
    }
    for (uint32_t i = 0; i < 50; i++) {
        wrap(av, &rig, 0, gpu);
        begin = fr_clock_now_ns();
        must(av_hwframe_transfer_data(cpu, gpu, 0) == 0, "no download");
        download.value[download.count++] = us_since(begin);
        av_frame_unref(gpu);
    }
    time_map(&rig, frames, &map, &mapped);
    av_frame_free(&gpu);
    av_frame_free(&cpu);
    fr_av_cuda_destroy(&av);
    rig_close(&rig);
    printf("{\"part\": \"wrap\", \"pair\": \"%s\", \"width\": %u, \"height\": %u, \"frames\": %u, "
           "\"first_us\": %.0f, "
           "\"import_us\": %.0f",
           kind->name, size->width, size->height, frames, first, import);
    print_times("wrap", &idle);
    print_times("map_again", &map);
    print_times("converted_wrapped", &wrapped);
    print_times("converted_mapped", &mapped);
    print_times("ffmpeg_download", &download);
    printf("}\n");
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
    const AVHWFramesContext *frames = (AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data;
    const AVCUDADeviceContext *context = frames->device_ctx->hwctx;
    tcuCtxPushCurrent_v2 *push;
    tcuCtxPopCurrent_v2 *pop;
    CUresult (*info)(size_t *, size_t *);
    void *const library = dlopen("libcuda.so.1", RTLD_NOW);
    void *symbols[3] = {dlsym(library, "cuCtxPushCurrent_v2"), dlsym(library, "cuCtxPopCurrent_v2"),
                        dlsym(library, "cuMemGetInfo_v2")};
    memcpy(&push, &symbols[0], sizeof(push));
    memcpy(&pop, &symbols[1], sizeof(pop));
    memcpy(&info, &symbols[2], sizeof(info));
    size_t unused = 0, total = 0;
    CUcontext ours;
    if (symbols[2] && push(context->cuda_ctx) == CUDA_SUCCESS) {
        (void)info(&unused, &total);
        (void)pop(&ours);
    }
    holds.gpu_bytes = total - unused;
    return holds;
}

static bool steady(struct fr_vk_device *device, uint32_t wraps)
{
    struct rig rig[2];
    fr_av_cuda *av;
    AVFrame *gpu = av_frame_alloc();
    struct holds before = {0}, after = {0};
    rig_open(&rig[0], device, &kinds[0], &sizes[0]);
    rig_open(&rig[1], device, &kinds[1], &sizes[3]);
    must(fr_av_cuda_create(&av) == FR_OK, "built without CUDA");
    for (uint32_t flip = 0; flip <= FLIPS; flip++) {
        struct rig *const now = &rig[flip % 2];
        for (uint32_t i = 0; i < wraps / FLIPS; i++) {
            wrap(av, now, i % SURFACES, gpu);
            av_frame_unref(gpu);
        }
        wrap(av, now, 0, gpu);
        must(flip % 20 || download_wrong(now, gpu) == 0, "a wrong picture after a change of the size");
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

int main(int argc, char **argv)
{
    const bool quick = argc > 1 && !strcmp(argv[1], "--quick");
    struct fr_vk_device *const device = rig_device(argc > 1 + quick ? argv[1 + quick] : NULL);
    bool right = true;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"part\": \"device\", \"name\": \"%s\", \"driver\": \"%s\"}\n", device->name, device->driver);
    for (uint32_t k = 0; k < NUM_KINDS; k++) {
        for (uint32_t i = 0; i < NUM_SIZES; i++)
            right = check(device, &kinds[k], &sizes[i]) && right;
        right = fresh(device, &kinds[k]) && right;
    }
    for (uint32_t k = 0; k < NUM_KINDS; k++)
        for (uint32_t i = 0; i < (quick ? 1 : 3); i++)
            time_wrap(device, &kinds[k], &sizes[i], quick ? 20 : i == 2 ? 300 : 1000);
    right = steady(device, quick ? 2000 : 20000) && right;
    fr_vk_device_unref(device);
    printf("{\"part\": \"end\", \"right\": %s}\n", right ? "true" : "false");
    return !right;
}
