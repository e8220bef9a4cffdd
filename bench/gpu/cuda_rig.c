/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cuda_rig.h"

#include <libavutil/hwcontext.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct kind cuda_kinds[NUM_KINDS] = {{"bgra8-nv12", FR_FORMAT_BGRA8, FR_FORMAT_NV12},
                                           {"rgb10a2-p010", FR_FORMAT_RGB10A2, FR_FORMAT_P010}};

const struct size cuda_sizes[NUM_SIZES] = {{1920, 1080}, {3840, 2160}, {7680, 4320},
                                           {1366, 768},  {321, 137},   {1, 1}};

void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "framering-bench-cuda: %s\n", what);
    exit(1);
}

void rig_randomize(struct rig *rig, uint64_t seed)
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

void rig_convert(struct rig *rig, uint32_t surface)
{
    uint64_t done;
    must(fr_vk_convert(rig->converter, &rig->slot.input, NULL, rig->ring.surface[surface].picture.object,
                       &done) == FR_OK,
         "no conversion");
}

void rig_open(struct rig *rig, struct fr_vk_device *device, const struct kind *kind, const struct size *size)
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
    rig_randomize(rig, size->width);
    for (uint32_t i = 0; i < SURFACES; i++) {
        rig->ring.surface[i].ring = &rig->ring;
        must(fr_vk_picture_create(device, size->width, size->height, kind->to,
                                  &rig->ring.surface[i].picture) == FR_OK,
             "no picture");
        rig_convert(rig, i);
    }
}

void rig_close(struct rig *rig)
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

fr_frame rig_frame(struct rig *rig, uint32_t surface)
{
    return (fr_frame){.width = rig->params.width,
                      .height = rig->params.height,
                      .format = rig->params.to,
                      .colour = fr_colour_of(rig->params.to),
                      .has_hdr = rig->params.to == FR_FORMAT_P010,
                      .hdr = fr_hdr_metadata_generic(),
                      .surface = &rig->ring.surface[surface]};
}

void rig_wrap(fr_av_cuda *av, struct rig *rig, uint32_t surface, AVFrame *out)
{
    const fr_frame frame = rig_frame(rig, surface);
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

size_t rig_download_wrong(const struct rig *rig, const AVFrame *gpu)
{
    AVFrame *cpu = av_frame_alloc();
    must(cpu && av_hwframe_transfer_data(cpu, gpu, 0) == 0, "no download");
    const size_t wrong = count_wrong(rig, cpu);
    av_frame_free(&cpu);
    return wrong;
}

double us_since(uint64_t begin_ns)
{
    return (double)(fr_clock_now_ns() - begin_ns) / 1e3;
}

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

void print_times(const char *name, struct times *times)
{
    printf(", \"%s_us\": [%.2f, %.2f]", name, at(times, 0.5), at(times, 0.99));
}
