/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "shaders.h"

/* Copies of images, as a source's push makes them. */
enum { PAIRS = 4 };

struct copies {
    struct gpu_image from[PAIRS], to[PAIRS];
    VkDescriptorSet set[PAIRS];
    bool storable;
    struct gpu_work work;
};

static void record_transfer(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user)
{
    const struct copies *const copies = user;
    const uint32_t i = index % PAIRS;
    const VkImageCopy region = {.srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                .dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                .extent = {copies->from[i].width, copies->from[i].height, 1}};
    gpu->vk.CmdCopyImage(commands, copies->from[i].image, VK_IMAGE_LAYOUT_GENERAL, copies->to[i].image,
                         VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

static void record_compute(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user)
{
    struct copies *const copies = user;
    copies->work.set = copies->set[index % PAIRS];
    gpu_record(gpu, commands, &copies->work);
}

static void write_times(struct probe *probe, const char *name, const struct gpu_times *times, double bytes)
{
    json_object(&probe->json, name);
    json_number(&probe->json, "alone_us", times->alone_us);
    json_number(&probe->json, "stream_us", times->stream_us);
    json_number(&probe->json, "clock", times->clock);
    json_number(&probe->json, "alone_gb_s", bytes / times->alone_us / 1e3);
    json_number(&probe->json, "stream_gb_s", bytes / times->stream_us / 1e3);
    json_end_object(&probe->json);
}

static void measure_compute(struct probe *probe, struct gpu *gpu, struct copies *copies, double bytes)
{
    static const uint32_t locals[][2] = {{8, 8}, {16, 16}, {32, 8}, {32, 32}};
    for (size_t l = 0; l < 4; l++) {
        struct gpu_kernel kernel;
        struct gpu_times times;
        gpu_kernel_create(gpu, &gpu_code_image_copy, locals[l], 2, &kernel);
        copies->work =
            (struct gpu_work){.kernel = &kernel,
                              .push = {copies->from[0].width, copies->from[0].height},
                              .push_words = 2,
                              .groups = {(copies->from[0].width + locals[l][0] - 1) / locals[l][0],
                                         (copies->from[0].height + locals[l][1] - 1) / locals[l][1]}};
        gpu_measure(gpu, record_compute, copies, probe->quick ? 2 : 24, &times);
        char name[32];
        snprintf(name, sizeof name, "compute %ux%u", locals[l][0], locals[l][1]);
        write_times(probe, name, &times, bytes);
        gpu_kernel_destroy(gpu, &kernel);
    }
}

static void measure_size(struct probe *probe, struct gpu *gpu, VkFormat format, const struct probe_size *size)
{
    VkFormatProperties props;
    struct copies copies = {0};
    struct gpu_times times;
    gpu->vk.GetPhysicalDeviceFormatProperties(gpu->physical, format, &props);
    copies.storable = gpu->formatless && (props.optimalTilingFeatures & VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT);
    const VkImageUsageFlags usage = copies.storable ? VK_IMAGE_USAGE_STORAGE_BIT : 0;
    for (int i = 0; i < PAIRS; i++) {
        if (!gpu_image_create(gpu, format, size->width, size->height, 0, &copies.from[i]) ||
            !gpu_image_create(gpu, format, size->width, size->height, usage, &copies.to[i]))
            gpu_must(VK_ERROR_OUT_OF_DEVICE_MEMORY, "images");
        copies.set[i] = gpu_set(
            gpu,
            &(struct gpu_bindings){.image = {&copies.from[i], NULL, copies.storable ? &copies.to[i] : NULL}});
    }
    const double bytes = 2 * (double)copies.from[0].pixel_bytes * size->width * size->height;
    gpu_measure(gpu, record_transfer, &copies, probe->quick ? 2 : 24, &times);
    write_times(probe, "vkCmdCopyImage", &times, bytes);
    if (copies.storable && gpu_family(gpu, GPU_QUEUE_TRANSFER) != gpu->queue_family)
        measure_compute(probe, gpu, &copies, bytes);
    for (int i = 0; i < PAIRS; i++) {
        gpu_set_free(gpu, copies.set[i]);
        gpu_image_destroy(gpu, &copies.from[i]);
        gpu_image_destroy(gpu, &copies.to[i]);
    }
}

bool probe_image(struct probe *probe)
{
    static const char *const kinds[] = {"graphics", "compute"};
    const struct probe_size *const sizes = probe_sizes(probe);
    for (int kind = GPU_QUEUE_GRAPHICS; kind <= GPU_QUEUE_COMPUTE; kind++) {
        struct gpu gpu;
        if (!gpu_open(&gpu,
                      &(struct gpu_params){.device = probe->device, .kind = (enum gpu_queue_kind)kind})) {
            if (kind == GPU_QUEUE_GRAPHICS)
                return false;
            break;
        }
        json_object(&probe->json, kinds[kind]);
        for (int i = 0; i < PROBE_SIZES; i++)
            for (int f = 0; f < 2; f++) {
                char name[64];
                snprintf(name, sizeof name, "%s %s", sizes[i].name, f ? "RGBA16F" : "BGRA8");
                json_object(&probe->json, name);
                measure_size(probe, &gpu, f ? VK_FORMAT_R16G16B16A16_SFLOAT : VK_FORMAT_B8G8R8A8_UNORM,
                             &sizes[i]);
                json_end_object(&probe->json);
            }
        json_end_object(&probe->json);
        gpu_close(&gpu);
    }
    return true;
}
