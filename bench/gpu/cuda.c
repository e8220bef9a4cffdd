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
 * late: a frame is let go while CUDA's stream still reads it, and its surface is converted to once more at
 * once: copies that are not of the first picture are torn. control: the same with the frame held, which has
 * to tear some. steady: wraps and changes of the size; what the process and the GPU hold before and after.
 */
#include "cuda_rig.h"

#include <libavutil/hwcontext.h>

#include <stdio.h>
#include <string.h>

enum { FRESH = 300 };

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
        rig_wrap(av, &rig, i, gpu);
        pitch = gpu->linesize[0];
        rows = ((AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data)->height;
        must(gpu->data[1] == gpu->data[0] + (ptrdiff_t)rows * pitch, "the planes are not one block");
        wrong += rig_download_wrong(&rig, gpu);
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
        rig_randomize(&rig, i);
        rig_convert(&rig, i % SURFACES);
        rig_wrap(av, &rig, i % SURFACES, gpu);
        wrong += rig_download_wrong(&rig, gpu) != 0;
        av_frame_free(&gpu);
    }
    fr_av_cuda_destroy(&av);
    rig_close(&rig);
    printf("{\"part\": \"fresh\", \"pair\": \"%s\", \"pictures\": %d, \"wrong\": %zu}\n", kind->name, FRESH,
           wrong);
    return wrong == 0;
}

static void time_map(struct rig *rig, uint32_t frames, struct times *map, struct times *mapped)
{
    map->count = mapped->count = 0;
    for (uint32_t i = 0; i < frames; i++) {
        fr_frame frame, of = rig_frame(rig, i % SURFACES);
        const uint64_t begin = fr_clock_now_ns();
        rig_convert(rig, i % SURFACES);
        fr_frame_ref(&frame, &of);
        must(fr_frame_map(&frame) == FR_OK, "no map");
        mapped->value[mapped->count++] = us_since(begin);
        fr_frame_release(&frame);
    }
    for (uint32_t i = 0; i < frames; i++) {
        fr_frame frame, of = rig_frame(rig, i % SURFACES);
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
    rig_wrap(av, &rig, 0, gpu);
    const double first = us_since(begin);
    av_frame_unref(gpu);
    begin = fr_clock_now_ns();
    rig_wrap(av, &rig, 1, gpu);
    const double import = us_since(begin);
    av_frame_unref(gpu);
    rig_wrap(av, &rig, 2, gpu);
    av_frame_unref(gpu);
    for (uint32_t i = 0; i < frames; i++) {
        begin = fr_clock_now_ns();
        rig_wrap(av, &rig, i % SURFACES, gpu);
        av_frame_unref(gpu);
        idle.value[idle.count++] = us_since(begin);
    }
    for (uint32_t i = 0; i < frames; i++) {
        begin = fr_clock_now_ns();
        rig_convert(&rig, i % SURFACES);
        rig_wrap(av, &rig, i % SURFACES, gpu);
        wrapped.value[wrapped.count++] = us_since(begin);
        av_frame_unref(gpu);
    }
    for (uint32_t i = 0; i < 50; i++) {
        rig_wrap(av, &rig, 0, gpu);
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

int main(int argc, char **argv)
{
    const bool quick = argc > 1 && !strcmp(argv[1], "--quick");
    struct fr_vk_device *const device = rig_device(argc > 1 + quick ? argv[1 + quick] : NULL);
    bool right = true;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    printf("{\"part\": \"device\", \"name\": \"%s\", \"driver\": \"%s\"}\n", device->name, device->driver);
    for (uint32_t k = 0; k < NUM_KINDS; k++) {
        for (uint32_t i = 0; i < NUM_SIZES; i++)
            right = check(device, &cuda_kinds[k], &cuda_sizes[i]) && right;
        right = fresh(device, &cuda_kinds[k]) && right;
    }
    for (uint32_t k = 0; k < NUM_KINDS; k++)
        for (uint32_t i = 0; i < (quick ? 1 : 3); i++)
            time_wrap(device, &cuda_kinds[k], &cuda_sizes[i], quick ? 20 : i == 2 ? 300 : 1000);
    right = cuda_late(device, quick ? 10 : 100) && right;
    right = cuda_steady(device, quick ? 2000 : 20000) && right;
    fr_vk_device_unref(device);
    printf("{\"part\": \"end\", \"right\": %s}\n", right ? "true" : "false");
    return !right;
}
