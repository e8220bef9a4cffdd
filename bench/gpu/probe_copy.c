/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "shaders.h"

#include <string.h>

/* Enough pairs of buffers that none is in a cache when its turn comes again. */
enum { PAIRS_MAX = 16 };
#define CACHE_BYTES (UINT64_C(256) << 20)

struct copy {
    struct gpu_buffer from[PAIRS_MAX], to[PAIRS_MAX];
    VkDescriptorSet set[PAIRS_MAX];
    uint32_t pairs;
    struct gpu_work work;
};

static void record_compute(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user)
{
    struct copy *const copy = user;
    copy->work.set = copy->set[index % copy->pairs];
    gpu_record(gpu, commands, &copy->work);
}

static void record_transfer(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user)
{
    struct copy *const copy = user;
    const uint32_t i = index % copy->pairs;
    const VkBufferCopy region = {.size = copy->from[i].bytes};
    gpu->vk.CmdCopyBuffer(commands, copy->from[i].buffer, copy->to[i].buffer, 1, &region);
}

static bool open_copy(struct gpu *gpu, struct copy *copy, uint64_t bytes, enum gpu_place from,
                      enum gpu_place to)
{
    *copy = (struct copy){0};
    uint64_t wanted = CACHE_BYTES / (2 * bytes) + 1;
    if (wanted > PAIRS_MAX)
        wanted = PAIRS_MAX;
    while (copy->pairs < wanted) {
        const uint32_t i = copy->pairs;
        if (!gpu_buffer_create(gpu, bytes, from, &copy->from[i]))
            break;
        if (!gpu_buffer_create(gpu, bytes, to, &copy->to[i])) {
            gpu_buffer_destroy(gpu, &copy->from[i]);
            break;
        }
        gpu_buffer_noise(gpu, &copy->from[i]);
        copy->set[i] = gpu_set(gpu, &(struct gpu_bindings){.buffer = {&copy->from[i], &copy->to[i]}});
        copy->pairs++;
    }
    return copy->pairs > 0;
}

static void close_copy(struct gpu *gpu, struct copy *copy)
{
    for (uint32_t i = 0; i < copy->pairs; i++) {
        gpu_set_free(gpu, copy->set[i]);
        gpu_buffer_destroy(gpu, &copy->from[i]);
        gpu_buffer_destroy(gpu, &copy->to[i]);
    }
}

static void write_times(struct json *json, const struct gpu_times *times, double bytes)
{
    json_number(json, "alone_us", times->alone_us);
    json_number(json, "best_us", times->best_us);
    json_number(json, "stream_us", times->stream_us);
    json_number(json, "clock", times->clock);
    json_number(json, "alone_gb_s", bytes / times->alone_us / 1e3);
    json_number(json, "stream_gb_s", bytes / times->stream_us / 1e3);
}

static void measure_shape(struct probe *probe, struct gpu *gpu, struct copy *copy, uint32_t local,
                          uint32_t per, uint32_t limit_groups)
{
    const uint32_t spec[] = {local, per};
    const uint32_t count = (uint32_t)(copy->from[0].bytes / 16);
    uint32_t groups = (count + local * per - 1) / (local * per);
    if (groups > limit_groups)
        groups = limit_groups;
    struct gpu_kernel kernel;
    struct gpu_times times;
    gpu_kernel_create(gpu, &gpu_code_copy, spec, 2, &kernel);
    copy->work =
        (struct gpu_work){.kernel = &kernel, .push = {count}, .push_words = 1, .groups = {groups, 1}};
    gpu_measure(gpu, record_compute, copy, probe->quick ? 4 : 24, &times);
    json_object(&probe->json, NULL);
    json_integer(&probe->json, "local", local);
    json_integer(&probe->json, "per", per);
    json_integer(&probe->json, "groups", groups);
    write_times(&probe->json, &times, 2 * (double)copy->from[0].bytes);
    json_end_object(&probe->json);
    gpu_kernel_destroy(gpu, &kernel);
}

static void measure_bytes(struct probe *probe, struct gpu *gpu, const char *name, uint64_t bytes)
{
    static const uint32_t locals[] = {64, 128, 256, 512, 1024}, pers[] = {1, 2, 4, 8};
    const uint32_t most = gpu->props.limits.maxComputeWorkGroupCount[0];
    struct copy copy;
    struct gpu_times times;
    if (!open_copy(gpu, &copy, bytes, GPU_PLACE_DEVICE, GPU_PLACE_DEVICE))
        return;
    json_object(&probe->json, name);
    json_integer(&probe->json, "bytes", bytes);
    json_integer(&probe->json, "buffers", 2 * copy.pairs);
    json_array(&probe->json, "compute");
    for (size_t l = 0; l < 5; l++)
        for (size_t p = 0; p < 4; p++)
            if (locals[l] <= gpu->props.limits.maxComputeWorkGroupInvocations)
                measure_shape(probe, gpu, &copy, locals[l], pers[p], most < 1 << 20 ? most : 1 << 20);
    /* A grid that stays: the number of groups is a guess at what is resident. */
    for (uint32_t groups = 256; groups <= 4096; groups *= 2)
        measure_shape(probe, gpu, &copy, 256, 4, groups);
    json_end_array(&probe->json);
    gpu_measure(gpu, record_transfer, &copy, probe->quick ? 4 : 24, &times);
    json_object(&probe->json, "cmd_copy_buffer");
    write_times(&probe->json, &times, 2 * (double)bytes);
    json_end_object(&probe->json);
    json_end_object(&probe->json);
    close_copy(gpu, &copy);
}

/* Over the bus: what a read-back or an upload costs. The bytes are counted once. */
static void measure_bus(struct probe *probe, struct gpu *gpu, const char *name, enum gpu_place from,
                        enum gpu_place to, bool compute)
{
    const uint64_t bytes = probe->quick ? UINT64_C(1) << 20 : UINT64_C(3840) * 2160 * 3 / 2;
    struct copy copy;
    struct gpu_times times;
    struct gpu_kernel kernel = {0};
    if (!open_copy(gpu, &copy, bytes, from, to))
        return;
    if (compute) {
        const uint32_t spec[] = {256, 4};
        gpu_kernel_create(gpu, &gpu_code_copy, spec, 2, &kernel);
        copy.work = (struct gpu_work){
            .kernel = &kernel, .push = {(uint32_t)(bytes / 16)}, .push_words = 1, .groups = {1024, 1}};
    }
    gpu_measure(gpu, compute ? record_compute : record_transfer, &copy, probe->quick ? 2 : 8, &times);
    json_object(&probe->json, name);
    json_integer(&probe->json, "bytes", bytes);
    write_times(&probe->json, &times, (double)bytes);
    json_end_object(&probe->json);
    if (compute)
        gpu_kernel_destroy(gpu, &kernel);
    close_copy(gpu, &copy);
}

static void measure_busses(struct probe *probe, struct gpu *gpu)
{
    json_object(&probe->json, "bus");
    measure_bus(probe, gpu, "readback_compute", GPU_PLACE_DEVICE, GPU_PLACE_HOST_CACHED, true);
    measure_bus(probe, gpu, "readback_cmd_copy_buffer", GPU_PLACE_DEVICE, GPU_PLACE_HOST_CACHED, false);
    measure_bus(probe, gpu, "upload_compute", GPU_PLACE_HOST_CACHED, GPU_PLACE_DEVICE, true);
    measure_bus(probe, gpu, "upload_cmd_copy_buffer", GPU_PLACE_HOST_CACHED, GPU_PLACE_DEVICE, false);
    json_end_object(&probe->json);
}

bool probe_copy(struct probe *probe)
{
    struct gpu gpu;
    if (!gpu_open(&gpu, &(struct gpu_params){.device = probe->device}))
        return false;
    const struct probe_size *const sizes = probe_sizes(probe);
    for (int i = 0; i < PROBE_SIZES; i++)
        for (uint64_t pixel = 4; pixel <= 8; pixel += 4) {
            char name[64];
            snprintf(name, sizeof name, "%s %s", sizes[i].name, pixel == 4 ? "BGRA8" : "RGBA16F");
            measure_bytes(probe, &gpu, name, pixel * sizes[i].width * sizes[i].height);
        }
    measure_bytes(probe, &gpu, "large", probe->quick ? UINT64_C(16) << 20 : UINT64_C(1) << 30);
    measure_busses(probe, &gpu);
    gpu_close(&gpu);
    return true;
}
