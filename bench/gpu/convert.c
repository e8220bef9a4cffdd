/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * framering-bench-convert: how long the library's conversions take on a GPU, in every variant, and whether
 * they are right there. Not installed.
 *
 * alone: a conversion submitted when the GPU has nothing else to do, between time stamps of the GPU. stream:
 * many submitted one after the other, from the first to the last. Slots and pictures take turns over 256 MB,
 * so that no cache holds them. GB/s counts what is read and what is written.
 */
#include "convert_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES (UINT64_C(256) << 20)

enum { TURNS_MAX = 64, FRAMES_MAX = 512, SIDE = 509 };

struct pair {
    const char *name;
    fr_format from, to;
    fr_sdr_map map;
};

static const struct pair pairs[] = {
    {"bgra8-nv12", FR_FORMAT_BGRA8, FR_FORMAT_NV12, FR_SDR_MAP_TONE},
    {"rgba8-nv12", FR_FORMAT_RGBA8, FR_FORMAT_NV12, FR_SDR_MAP_TONE},
    {"rgb10a2-p010", FR_FORMAT_RGB10A2, FR_FORMAT_P010, FR_SDR_MAP_TONE},
    {"rgba16f-p010", FR_FORMAT_RGBA16F, FR_FORMAT_P010, FR_SDR_MAP_TONE},
    {"rgba16f-nv12-tone", FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_SDR_MAP_TONE},
    {"rgba16f-nv12-clip", FR_FORMAT_RGBA16F, FR_FORMAT_NV12, FR_SDR_MAP_CLIP},
};

static const struct size {
    const char *name;
    uint32_t width, height;
} sizes[] = {{"1080p", 1920, 1080}, {"4k", 3840, 2160}, {"8k", 7680, 4320}};

static const char *const neighbours[] = {"reload", "lend", "shuffle"};
static const char *const ways[] = {"blocks, reload", "blocks, lend", "pairs, lend", "pairs, shuffle"};
enum { WAYS = 4 };
static const uint32_t neighbour_of[WAYS] = {FR_VK_NEIGHBOUR_RELOAD, FR_VK_NEIGHBOUR_LEND,
                                            FR_VK_NEIGHBOUR_LEND, FR_VK_NEIGHBOUR_SHUFFLE};

struct options {
    const char *device, *pairs, *sizes;
    bool buffers, all, ways, check, wide;
    uint32_t frames;
};

struct run {
    struct fr_vk_device *device;
    const struct options *options;
    fr_convert_params params;
    const char *pair, *size;
    struct rig_rate copy;
    uint32_t turns;
    struct rig_slot slot[TURNS_MAX];
    struct fr_picture picture[TURNS_MAX];
    VkQueryPool queries;
};

static uint64_t bytes_moved(const fr_convert_params *params)
{
    const uint64_t pixels = (uint64_t)params->width * params->height;
    return pixels * fr_format_pixel_bytes(params->from) + pixels * (params->to == FR_FORMAT_P010 ? 6 : 3) / 2;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Enough converters that every slot has a flight of its own. */
enum { CONVERTERS_MAX = TURNS_MAX / FR_VK_FLIGHTS };

struct series {
    struct fr_vk_converter *converter[CONVERTERS_MAX];
    uint32_t recorded;
};

static bool open_series(struct run *run, struct series *series, const struct fr_vk_variant *variant)
{
    *series = (struct series){0};
    for (uint32_t i = 0; i * FR_VK_FLIGHTS < run->turns; i++)
        if (fr_vk_converter_create_variant(&series->converter[i], run->device, &run->params,
                                           run->options->buffers, variant, NULL) != FR_OK)
            return false;
    return true;
}

static void close_series(struct series *series)
{
    for (uint32_t i = 0; i < CONVERTERS_MAX; i++)
        fr_vk_converter_destroy(series->converter[i]);
}

static void record(struct run *run, struct series *series, VkCommandBuffer command)
{
    const uint32_t turn = series->recorded % run->turns;
    if (fr_vk_converter_record(series->converter[turn / FR_VK_FLIGHTS], turn % FR_VK_FLIGHTS, command,
                               &run->slot[turn].input, run->picture[turn].object,
                               series->recorded >= run->turns) != FR_OK) {
        fputs("a conversion failed\n", stderr);
        exit(1);
    }
    series->recorded++;
}

static void stamp(struct run *run, VkCommandBuffer command, uint32_t query)
{
    rig_barrier(run->device, command);
    run->device->vk.CmdWriteTimestamp(command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, run->queries, query);
}

/* All in one command buffer, begun with conversions that bring the clocks up. */
static void run_series(struct run *run, struct series *series, uint32_t count, uint64_t *ticks)
{
    struct rig_once once = rig_begin(run->device);
    const uint32_t warm = rig_warm_count(run->device, (double)bytes_moved(&run->params));
    run->device->vk.CmdResetQueryPool(once.command, run->queries, 0, count + 2);
    for (uint32_t i = 0; i < warm; i++)
        record(run, series, once.command);
    for (uint32_t i = 0; i < count; i++) {
        stamp(run, once.command, i);
        record(run, series, once.command);
    }
    stamp(run, once.command, count);
    for (uint32_t i = 0; i < count; i++)
        record(run, series, once.command);
    stamp(run, once.command, count + 1);
    rig_end(&once);
    rig_must(run->device->vk.GetQueryPoolResults(run->device->device, run->queries, 0, count + 2,
                                                 (count + 2) * sizeof(*ticks), ticks, sizeof(*ticks),
                                                 VK_QUERY_RESULT_64_BIT),
             "vkGetQueryPoolResults");
}

static void measure(struct run *run, const struct fr_vk_variant *variant)
{
    static uint64_t ticks[FRAMES_MAX + 2];
    static double alone[FRAMES_MAX];
    struct series series;
    if (!open_series(run, &series, variant)) {
        close_series(&series);
        return;
    }
    const uint32_t count = run->options->frames;
    const double us = (double)run->device->limits.timestampPeriod / 1e3;
    run_series(run, &series, count, ticks);
    close_series(&series);
    for (uint32_t i = 0; i < count; i++)
        alone[i] = (double)(ticks[i + 1] - ticks[i]) * us;
    qsort(alone, count, sizeof(alone[0]), compare);
    const double stream = (double)(ticks[count + 1] - ticks[count]) * us / count, median = alone[count / 2];
    const double bytes = (double)bytes_moved(&run->params);
    printf("{\"pair\": \"%s\", \"size\": \"%s\", \"slot\": \"%s\", \"content\": \"%s\", \"columns\": %u, "
           "\"across\": %u, "
           "\"down\": %u, \"deep\": %u, \"neighbour\": \"%s\", \"bytes\": %.0f, "
           "\"alone_us\": %.2f, "
           "\"best_us\": %.2f, "
           "\"stream_us\": %.2f, \"alone_gb_s\": %.1f, \"stream_gb_s\": %.1f, \"alone_of_copy\": %.3f, "
           "\"stream_of_copy\": %.3f}\n",
           run->pair, run->size, run->options->buffers ? "buffer" : "image",
           run->options->wide ? "wide" : "light", variant->columns, variant->across, variant->down,
           variant->deep, neighbours[variant->neighbour], bytes, median, alone[0], stream,
           bytes / median / 1e3, bytes / stream / 1e3, bytes / median / 1e3 / run->copy.alone,
           bytes / stream / 1e3 / run->copy.stream);
    fflush(stdout);
}

/* What the default was chosen from, one of each kind. */
static void measure_ways(struct run *run)
{
    struct fr_vk_variant variant = {.columns = 2, .across = 128, .down = 1, .deep = 2};
    for (variant.neighbour = FR_VK_NEIGHBOUR_LEND; variant.neighbour <= FR_VK_NEIGHBOUR_SHUFFLE;
         variant.neighbour++)
        measure(run, &variant);
    variant.deep = 0;
    for (variant.columns = 4; variant.columns <= 16; variant.columns *= 2)
        for (variant.neighbour = FR_VK_NEIGHBOUR_RELOAD; variant.neighbour <= FR_VK_NEIGHBOUR_LEND;
             variant.neighbour++)
            measure(run, &variant);
}

static void measure_variants(struct run *run)
{
    struct fr_vk_variant variant =
        fr_vk_variant_default(run->device, run->params.from, run->params.to, run->options->buffers);
    if (run->options->ways)
        measure_ways(run);
    else if (!run->options->all)
        measure(run, &variant);
    if (!run->options->all)
        return;
    static const uint32_t pairs_of[][2] = {{256, 1}, {128, 1}, {64, 4}, {32, 4}, {16, 8}};
    variant.columns = 2;
    variant.neighbour = FR_VK_NEIGHBOUR_LEND;
    for (variant.deep = 1; variant.deep <= 4; variant.deep++)
        for (size_t i = 0; i < sizeof(pairs_of) / sizeof(pairs_of[0]); i++) {
            variant.across = pairs_of[i][0];
            variant.down = pairs_of[i][1];
            measure(run, &variant);
        }
    static const uint32_t shapes[][2] = {{32, 4}, {64, 4}, {16, 16}, {128, 1}, {256, 1}};
    for (variant.columns = 4; variant.columns <= 16; variant.columns *= 2)
        for (variant.neighbour = 0; variant.neighbour <= FR_VK_NEIGHBOUR_LEND; variant.neighbour++)
            for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
                variant.across = shapes[i][0];
                variant.down = shapes[i][1];
                measure(run, &variant);
            }
}

static void measure_pair(struct run *run)
{
    const uint64_t bytes = bytes_moved(&run->params);
    const uint64_t wanted = CACHE_BYTES / bytes + 1;
    run->turns = 0;
    while (run->turns < wanted && run->turns < TURNS_MAX) {
        rig_slot_init(&run->slot[run->turns], run->device, &run->params, run->options->buffers,
                      run->options->wide ? RIG_WIDE : RIG_LIGHT);
        if (fr_vk_picture_create(run->device, run->params.width, run->params.height, run->params.to,
                                 &run->picture[run->turns]) != FR_OK) {
            fputs("no memory for pictures\n", stderr);
            exit(1);
        }
        run->turns++;
    }
    run->copy = rig_copy_rate(run->device, bytes / 2);
    printf("{\"copy\": \"%s\", \"size\": \"%s\", \"bytes\": %.0f, \"alone_gb_s\": %.1f, \"stream_gb_s\": "
           "%.1f}\n",
           run->pair, run->size, (double)bytes, run->copy.alone, run->copy.stream);
    measure_variants(run);
    for (uint32_t i = 0; i < run->turns; i++) {
        rig_slot_finish(&run->slot[i], run->device);
        fr_vk_picture_destroy(&run->picture[i]);
    }
}

/* ---- right or not ---- */

static void count_codes(const struct fr_picture *gpu, const struct fr_picture *cpu,
                        const fr_convert_params *params, size_t *num, size_t *equal, int *worst)
{
    const size_t bytes = params->to == FR_FORMAT_P010 ? 2 : 1;
    for (int plane = 0; plane < 2; plane++) {
        const size_t width = plane ? (params->width + 1) / 2 * 2 : params->width;
        const size_t height = plane ? (params->height + 1) / 2 : params->height;
        for (size_t y = 0; y < height; y++)
            for (size_t x = 0; x < width; x++) {
                uint16_t a = 0, b = 0;
                memcpy(&a, (uint8_t *)gpu->plane[plane] + y * gpu->pitch_bytes[plane] + x * bytes, bytes);
                memcpy(&b, (uint8_t *)cpu->plane[plane] + y * cpu->pitch_bytes[plane] + x * bytes, bytes);
                const int off = abs(a - b) >> (bytes == 2 ? 6 : 0);
                *num += 1;
                *equal += off == 0;
                *worst = off > *worst ? off : *worst;
            }
    }
}

/* Against the CPU's C kernel. */
static bool check_pair(struct run *run, const void *pixels, const char *content)
{
    fr_convert_params params = run->params;
    params.cpu_mask = ~0u;
    const ptrdiff_t pitch = (SIDE + 1) * 2;
    uint8_t *out = calloc(2 * (SIDE + 1), (size_t)pitch);
    void *const planes[2] = {out, out + (SIDE + 1) * pitch};
    const ptrdiff_t pitches[2] = {pitch, pitch};
    fr_converter *cpu;
    if (!out || fr_converter_create(&cpu, &params) != FR_OK)
        return false;
    fr_converter_run(cpu, pixels, SIDE * (ptrdiff_t)fr_format_pixel_bytes(params.from), planes, pitches);
    fr_converter_destroy(&cpu);
    const struct fr_picture wanted = {.plane = {planes[0], planes[1]},
                                      .pitch_bytes = {(size_t)pitch, (size_t)pitch}};

    bool right = true;
    for (int buffers = 0; buffers < 2; buffers++)
        for (uint32_t way = 0; way < WAYS; way++) {
            struct fr_vk_variant variant =
                fr_vk_variant_default(run->device, params.from, params.to, buffers);
            variant.neighbour = neighbour_of[way];
            variant.columns = way >= 2 ? 2 : 8;
            variant.deep = way >= 2 ? 2 : 0;
            if (way >= 2)
                variant.across = 128, variant.down = 1;
            struct fr_vk_converter *converter;
            struct rig_slot slot;
            struct fr_picture picture, mapped;
            uint64_t done;
            if (fr_vk_converter_create_variant(&converter, run->device, &params, buffers, &variant, NULL) !=
                FR_OK)
                continue;
            rig_slot_init_with(&slot, run->device, &params, buffers, pixels);
            size_t num = 0, equal = 0;
            int worst = 0;
            if (fr_vk_picture_create(run->device, SIDE, SIDE, params.to, &picture) != FR_OK ||
                fr_vk_convert(converter, &slot.input, NULL, picture.object, &done) != FR_OK ||
                fr_vk_picture_map(&picture, &mapped) != FR_OK)
                return false;
            count_codes(&mapped, &wanted, &params, &num, &equal, &worst);
            printf("{\"check\": \"%s\", \"content\": \"%s\", \"slot\": \"%s\", \"neighbour\": \"%s\", "
                   "\"equal\": %.5f, "
                   "\"worst\": %d}\n",
                   run->pair, content, buffers ? "buffer" : "image", ways[way], (double)equal / (double)num,
                   worst);
            right =
                right && worst <= (params.from == FR_FORMAT_RGBA16F) && (double)equal >= 0.99 * (double)num;
            fr_vk_converter_destroy(converter);
            fr_vk_picture_destroy(&picture);
            rig_slot_finish(&slot, run->device);
        }
    free(out);
    return right;
}

static bool check(struct run *run, const struct pair *pair)
{
    const size_t bytes = (size_t)SIDE * SIDE * 8;
    void *pixels = calloc(1, bytes);
    run->params.width = run->params.height = SIDE;
    uint64_t state = 3;
    for (size_t i = 0; i < bytes / 4; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        ((uint32_t *)pixels)[i] = (uint32_t)(state >> 32);
    }
    bool right = check_pair(run, pixels, "random");
    if (pair->from == FR_FORMAT_RGBA16F) {
        rig_noise(pixels, bytes, pair->from, RIG_LIGHT);
        right = check_pair(run, pixels, "light") && right;
        rig_noise(pixels, bytes, pair->from, RIG_WIDE);
        right = check_pair(run, pixels, "wide") && right;
        for (size_t i = 0; i < bytes / 2; i++)
            ((uint16_t *)pixels)[i] = (uint16_t)(i / 4);
        right = check_pair(run, pixels, "greys") && right;
    }
    free(pixels);
    return right;
}

static bool named(const char *list, const char *name)
{
    const char *const at = list ? strstr(list, name) : name;
    return at != NULL;
}

static bool parse(struct options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *const value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--buffers"))
            options->buffers = true;
        else if (!strcmp(argv[i], "--all"))
            options->all = true;
        else if (!strcmp(argv[i], "--ways"))
            options->ways = true;
        else if (!strcmp(argv[i], "--check"))
            options->check = true;
        else if (!strcmp(argv[i], "--wide"))
            options->wide = true;
        else if (value && !strcmp(argv[i], "--device"))
            options->device = value, i++;
        else if (value && !strcmp(argv[i], "--pairs"))
            options->pairs = value, i++;
        else if (value && !strcmp(argv[i], "--sizes"))
            options->sizes = value, i++;
        else if (value && !strcmp(argv[i], "--frames"))
            options->frames = (uint32_t)strtoul(value, NULL, 10), i++;
        else
            return false;
    }
    return options->frames >= 2 && options->frames <= FRAMES_MAX;
}

int main(int argc, char **argv)
{
    struct options options = {.frames = 64};
    if (!parse(&options, argc, argv)) {
        fputs(
            "usage: framering-bench-convert [--check] [--device NAME] [--pairs a,b] [--sizes 1080p,4k,8k] "
            "[--buffers]\n"
            "       [--all | --ways] [--wide] [--frames 2..512]\n"
            "--check: against the CPU instead of the clock; --all: every variant; --ways: one of each kind;\n"
            "--wide: with negative components. A line of JSON for each measurement.\n",
            stderr);
        return 2;
    }
    static struct run run;
    run.device = rig_device(options.device);
    run.options = &options;
    run.queries = rig_queries(run.device, FRAMES_MAX + 2);
    bool right = true;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        for (size_t j = 0; named(options.pairs, pairs[i].name) && j < (options.check ? 1 : 3); j++) {
            run.pair = pairs[i].name;
            run.size = sizes[j].name;
            run.params = (fr_convert_params){.from = pairs[i].from,
                                             .to = pairs[i].to,
                                             .sdr_map = pairs[i].map,
                                             .width = sizes[j].width,
                                             .height = sizes[j].height};
            if (options.check)
                right = check(&run, &pairs[i]) && right;
            else if (named(options.sizes, sizes[j].name))
                measure_pair(&run);
        }
    run.device->vk.DestroyQueryPool(run.device->device, run.queries, NULL);
    fr_vk_device_unref(run.device);
    return right ? 0 : 1;
}
