/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "shaders.h"

enum { FRAMES_MAX = 10 };
#define CACHE_BYTES (UINT64_C(256) << 20)

enum way { WAY_FETCH, WAY_GATHER, WAY_LOAD, WAY_BUFFER, WAY_SHUFFLE, WAYS };

static const struct {
    const char *name;
    const struct gpu_code *code;
} ways[WAYS] = {{"texelFetch", &gpu_code_fetch_fetch},
                {"textureGather", &gpu_code_fetch_gather},
                {"imageLoad", &gpu_code_fetch_load},
                {"buffer", &gpu_code_fetch_buffer},
                {"texelFetch 2x2 + shuffle", &gpu_code_fetch_shuffle}};

struct frames {
    struct gpu_image image[FRAMES_MAX];
    struct gpu_buffer from[FRAMES_MAX], to[FRAMES_MAX];
    VkDescriptorSet set[FRAMES_MAX];
    uint32_t count;
    bool loadable;
    struct gpu_work work;
};

static void record_fetch(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user)
{
    struct frames *const frames = user;
    frames->work.set = frames->set[index % frames->count];
    gpu_record(gpu, commands, &frames->work);
}

static bool open_frames(struct gpu *gpu, struct frames *frames, const struct probe_size *size,
                        VkFormat format, bool deep)
{
    const uint64_t pixels = (uint64_t)size->width * size->height;
    const uint64_t in = pixels * (format == VK_FORMAT_R16G16B16A16_SFLOAT ? 8 : 4), out = pixels * 3 / 2;
    VkFormatProperties props;
    gpu->vk.GetPhysicalDeviceFormatProperties(gpu->physical, format, &props);
    *frames = (struct frames){
        .loadable = gpu->formatless && (props.optimalTilingFeatures & VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT)};
    uint64_t wanted = CACHE_BYTES / in + 1;
    for (; frames->count < (wanted < FRAMES_MAX ? wanted : FRAMES_MAX); frames->count++) {
        const uint32_t i = frames->count;
        struct gpu_image *const image = &frames->image[i];
        if (!gpu_image_create(gpu, format, size->width, size->height,
                              frames->loadable ? VK_IMAGE_USAGE_STORAGE_BIT : 0, image) ||
            !gpu_buffer_create(gpu, in, GPU_PLACE_DEVICE, &frames->from[i]) ||
            !gpu_buffer_create(gpu, deep ? 2 * out : out, GPU_PLACE_DEVICE, &frames->to[i]))
            return false;
        gpu_buffer_noise(gpu, &frames->from[i]);
        frames->set[i] =
            gpu_set(gpu, &(struct gpu_bindings){.buffer = {&frames->from[i], &frames->to[i]},
                                                .image = {image, frames->loadable ? image : NULL, NULL}});
    }
    return true;
}

static void close_frames(struct gpu *gpu, struct frames *frames)
{
    for (uint32_t i = 0; i < frames->count; i++) {
        gpu_set_free(gpu, frames->set[i]);
        gpu_image_destroy(gpu, &frames->image[i]);
        gpu_buffer_destroy(gpu, &frames->from[i]);
        gpu_buffer_destroy(gpu, &frames->to[i]);
    }
}

struct shape {
    uint32_t local[2], wide, pairs;
};

static void measure_shape(struct probe *probe, struct gpu *gpu, struct frames *frames, enum way way,
                          bool deep, const struct shape *shape)
{
    const struct gpu_image *const image = &frames->image[0];
    const uint32_t spec[] = {shape->local[0],        shape->local[1], shape->wide, shape->pairs, deep,
                             image->pixel_bytes == 8};
    const uint32_t texels[2] = {shape->local[0] * shape->wide, shape->local[1] * 2 * shape->pairs};
    const uint64_t pixels = (uint64_t)image->width * image->height;
    struct gpu_kernel kernel;
    struct gpu_times times;
    gpu_kernel_create(gpu, ways[way].code, spec, 6, &kernel);
    frames->work = (struct gpu_work){
        .kernel = &kernel,
        .push = {image->width, image->height, (uint32_t)(deep ? pixels / 2 : pixels / 4)},
        .push_words = 4,
        .groups = {(image->width + texels[0] - 1) / texels[0], (image->height + texels[1] - 1) / texels[1]}};
    gpu_measure(gpu, record_fetch, frames, probe->quick ? 2 : 24, &times);
    const double bytes = (double)pixels * (image->pixel_bytes + (deep ? 3 : 1.5));
    struct json *const json = &probe->json;
    json_object(json, NULL);
    json_text(json, "way", ways[way].name);
    char text[64];
    snprintf(text, sizeof text, "%ux%u, %ux%u each", shape->local[0], shape->local[1], shape->wide,
             2 * shape->pairs);
    json_text(json, "shape", text);
    json_number(json, "alone_us", times.alone_us);
    json_number(json, "stream_us", times.stream_us);
    json_number(json, "clock", times.clock);
    json_number(json, "alone_gb_s", bytes / times.alone_us / 1e3);
    json_number(json, "stream_gb_s", bytes / times.stream_us / 1e3);
    json_end_object(json);
    gpu_kernel_destroy(gpu, &kernel);
}

static void measure_ways(struct probe *probe, struct gpu *gpu, struct frames *frames, bool deep)
{
    static const uint32_t locals[][2] = {{8, 8},  {8, 16}, {16, 8}, {16, 16},
                                         {32, 4}, {32, 8}, {64, 4}, {128, 1}};
    static const struct shape blocks[] = {{.wide = 4, .pairs = 1},
                                          {.wide = 8, .pairs = 1},
                                          {.wide = 16, .pairs = 1},
                                          {.wide = 4, .pairs = 2},
                                          {.wide = 8, .pairs = 2}};
    const bool shuffles = gpu->subgroup.supportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
    for (int way = 0; way < WAYS; way++) {
        if ((way == WAY_LOAD && !frames->loadable) || (way == WAY_SHUFFLE && !shuffles))
            continue;
        const size_t num_blocks = way == WAY_SHUFFLE ? 1 : 5;
        for (size_t l = 0; l < sizeof locals / sizeof *locals; l++)
            for (size_t b = 0; b < num_blocks; b++) {
                struct shape shape = blocks[b];
                shape.local[0] = locals[l][0];
                shape.local[1] = locals[l][1];
                if (way == WAY_SHUFFLE)
                    shape.wide = 2;
                if (!probe->quick || l == 3)
                    measure_shape(probe, gpu, frames, (enum way)way, deep, &shape);
            }
    }
}

bool probe_fetch(struct probe *probe)
{
    static const struct {
        const char *name;
        VkFormat format;
        bool deep;
    } pairs[] = {{"BGRA8 to 8 bit", VK_FORMAT_B8G8R8A8_UNORM, false},
                 {"RGBA16F to 16 bit", VK_FORMAT_R16G16B16A16_SFLOAT, true}};
    struct gpu gpu;
    if (!gpu_open(&gpu, &(struct gpu_params){.device = probe->device}))
        return false;
    const struct probe_size *const sizes = probe_sizes(probe);
    for (int i = 0; i < PROBE_SIZES; i++)
        for (size_t pair = 0; pair < 2; pair++) {
            char name[64];
            snprintf(name, sizeof name, "%s %s", sizes[i].name, pairs[pair].name);
            struct frames frames;
            if (!open_frames(&gpu, &frames, &sizes[i], pairs[pair].format, pairs[pair].deep))
                return false;
            json_array(&probe->json, name);
            measure_ways(probe, &gpu, &frames, pairs[pair].deep);
            json_end_array(&probe->json);
            close_frames(&gpu, &frames);
        }
    gpu_close(&gpu);
    return true;
}
