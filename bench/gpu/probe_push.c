/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "shaders.h"
#include "stats.h"

#include <stdlib.h>
#include <time.h>

/* What a push is made of: what the barriers around a copy cost the GPU, and each call the thread, at 60 Hz
 * when nothing is in its caches. */

enum { ROUNDS = 60 };

struct push {
    struct gpu gpu;
    struct gpu_image from, to;
    struct gpu_kernel copy;
    VkDescriptorSet set;
    VkCommandBuffer commands;
    VkQueryPool queries;
    VkSemaphore timeline;
    uint64_t value;
};

static VkImageMemoryBarrier image_barrier(const struct gpu_image *image)
{
    return (VkImageMemoryBarrier){.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                  .oldLayout = VK_IMAGE_LAYOUT_GENERAL,
                                  .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                  .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                  .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                  .image = image->image,
                                  .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
}

/* As the library: the program's image, and the slot, whose contents are not kept, and which goes to another
 * process. */
static void turn(struct push *push, VkCommandBuffer commands, bool after)
{
    const VkPipelineStageFlags all = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                               compute = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                               bottom = VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT;
    VkImageMemoryBarrier from = image_barrier(&push->from), to = image_barrier(&push->to);
    if (after) {
        from.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
        to.srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        to.srcQueueFamilyIndex = push->gpu.queue_family;
        to.dstQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL;
    } else {
        from.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
        from.dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
        to.dstAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        to.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED;
    }
    push->gpu.vk.CmdPipelineBarrier(commands, after ? compute : all, after ? all : compute, 0, 0, NULL, 0,
                                    NULL, 1, &from);
    push->gpu.vk.CmdPipelineBarrier(commands, compute, after ? bottom : compute, 0, 0, NULL, 0, NULL, 1, &to);
}

static void record(struct push *push, VkCommandBuffer commands, bool turned)
{
    if (turned)
        turn(push, commands, false);
    gpu_record(&push->gpu, commands,
               &(struct gpu_work){.kernel = &push->copy,
                                  .set = push->set,
                                  .push = {push->from.width, push->from.height},
                                  .push_words = 2,
                                  .groups = {(push->from.width + 15) / 16, (push->from.height + 15) / 16}});
    if (turned)
        turn(push, commands, true);
}

static void submit(struct push *push, VkCommandBuffer commands, VkFence fence)
{
    push->value++;
    const VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                  .signalSemaphoreValueCount = 1,
                                                  .pSignalSemaphoreValues = &push->value};
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = &values,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = &push->timeline};
    gpu_must(push->gpu.vk.QueueSubmit(push->gpu.queue[0], 1, &info, fence), "vkQueueSubmit");
}

static void until_done(struct push *push)
{
    uint64_t value = 0;
    while (value < push->value)
        gpu_must(push->gpu.vk.GetSemaphoreCounterValue(push->gpu.device, push->timeline, &value),
                 "the counter");
}

static void measure_copy(struct json *json, struct push *push, bool turned)
{
    struct gpu *const gpu = &push->gpu;
    double work_us[ROUNDS], seen_us[ROUNDS];
    const VkCommandBuffer commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    gpu->vk.CmdResetQueryPool(commands, push->queries, 0, 2);
    gpu->vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, push->queries, 0);
    record(push, commands, turned);
    gpu->vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, push->queries, 1);
    gpu_end(gpu, commands);
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t ticks[2];
        const double start = stats_now_us();
        submit(push, commands, VK_NULL_HANDLE);
        until_done(push);
        seen_us[i] = stats_now_us() - start;
        gpu->vk.DeviceWaitIdle(gpu->device);
        gpu_must(gpu->vk.GetQueryPoolResults(gpu->device, push->queries, 0, 2, sizeof ticks, ticks, 8,
                                             VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
                 "vkGetQueryPoolResults");
        work_us[i] = (double)(ticks[1] - ticks[0]) * (double)gpu->props.limits.timestampPeriod / 1e3;
    }
    json_object(json, turned ? "copy_between_barriers" : "copy");
    stats_write(json, "gpu_us", work_us, ROUNDS);
    stats_write(json, "submit_to_seen_us", seen_us, ROUNDS);
    json_end_object(json);
}

enum call { VIEW, DESCRIPTORS, RECORD, SUBMIT, SUBMIT_FENCE, CALLS };
static const char *const call_names[CALLS] = {
    "vkCreateImageView, vkDestroyImageView", "vkUpdateDescriptorSets",
    "vkBeginCommandBuffer to vkEndCommandBuffer", "vkQueueSubmit", "vkQueueSubmit with a fence"};

static void call(struct push *push, enum call call)
{
    struct gpu *const gpu = &push->gpu;
    const VkImageViewCreateInfo view = {.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                        .image = push->from.image,
                                        .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                        .format = VK_FORMAT_B8G8R8A8_UNORM,
                                        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    const VkDescriptorImageInfo image = {gpu->sampler, push->from.view, VK_IMAGE_LAYOUT_GENERAL};
    const VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                        .dstSet = push->set,
                                        .dstBinding = 2,
                                        .descriptorCount = 1,
                                        .descriptorType = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
                                        .pImageInfo = &image};
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    VkImageView other;
    if (call == VIEW) {
        gpu_must(gpu->vk.CreateImageView(gpu->device, &view, NULL, &other), "vkCreateImageView");
        gpu->vk.DestroyImageView(gpu->device, other, NULL);
    } else if (call == DESCRIPTORS) {
        gpu->vk.UpdateDescriptorSets(gpu->device, 1, &write, 0, NULL);
    } else if (call == RECORD) {
        gpu_must(gpu->vk.BeginCommandBuffer(push->commands, &begin), "vkBeginCommandBuffer");
        record(push, push->commands, true);
        gpu_end(gpu, push->commands);
    } else if (call == SUBMIT || call == SUBMIT_FENCE) {
        submit(push, push->commands, call == SUBMIT ? VK_NULL_HANDLE : gpu->fence);
    }
}

/* `order`: the calls of a push, after a sleep; CALLS ends it. */
static void measure_calls(struct json *json, struct push *push, const char *name, const enum call *order,
                          long pause_ns)
{
    double us[CALLS][ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        if (pause_ns)
            nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
        for (const enum call *next = order; *next != CALLS; next++) {
            const double start = stats_now_us();
            call(push, *next);
            us[*next][i] = stats_now_us() - start;
        }
        push->gpu.vk.DeviceWaitIdle(push->gpu.device);
        push->gpu.vk.ResetFences(push->gpu.device, 1, &push->gpu.fence);
    }
    json_object(json, NULL);
    json_text(json, "push", name);
    json_number(json, "pause_ms", (double)pause_ns / 1e6);
    for (const enum call *next = order; *next != CALLS; next++)
        stats_write(json, call_names[*next], us[*next], ROUNDS);
    json_end_object(json);
}

static bool open_push(struct push *push, const struct gpu_params *params, bool quick)
{
    struct gpu *const gpu = &push->gpu;
    const uint32_t width = quick ? 640 : 3840, height = quick ? 360 : 2160;
    if (!gpu_open(gpu, params))
        return false;
    if (!gpu->timeline || (!gpu->formatless && !quick) ||
        !gpu_image_create(gpu, VK_FORMAT_B8G8R8A8_UNORM, width, height, 0, &push->from) ||
        !gpu_image_create(gpu, VK_FORMAT_B8G8R8A8_UNORM, width, height, VK_IMAGE_USAGE_STORAGE_BIT,
                          &push->to)) {
        gpu_close(gpu);
        return false;
    }
    gpu_kernel_create(gpu, &gpu_code_image_copy, (const uint32_t[]){16, 16}, 2, &push->copy);
    push->set = gpu_set(gpu, &(struct gpu_bindings){.image = {&push->from, NULL, &push->to}});
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2};
    gpu_must(gpu->vk.CreateQueryPool(gpu->device, &info, NULL, &push->queries), "vkCreateQueryPool");
    push->timeline = gpu_timeline(gpu, gpu->shared_timeline);
    push->commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    record(push, push->commands, true);
    gpu_end(gpu, push->commands);
    gpu_warm(gpu);
    return true;
}

static void close_push(struct push *push)
{
    struct gpu *const gpu = &push->gpu;
    gpu->vk.DeviceWaitIdle(gpu->device);
    gpu->vk.DestroyQueryPool(gpu->device, push->queries, NULL);
    gpu->vk.DestroySemaphore(gpu->device, push->timeline, NULL);
    gpu_kernel_destroy(gpu, &push->copy);
    gpu_image_destroy(gpu, &push->from);
    gpu_image_destroy(gpu, &push->to);
    gpu_close(gpu);
}

bool probe_push(struct probe *probe)
{
    static const char *const kinds[] = {"graphics", "compute"};
    static const enum call anew[] = {VIEW, DESCRIPTORS, RECORD, SUBMIT_FENCE, CALLS},
                           again[] = {SUBMIT_FENCE, CALLS}, bare[] = {SUBMIT, CALLS};
    static const long pauses_ns[] = {0, 1000000, 16600000};
    for (int kind = GPU_QUEUE_GRAPHICS; kind <= GPU_QUEUE_COMPUTE; kind++) {
        struct push push = {0};
        const struct gpu_params params = {.device = probe->device, .kind = (enum gpu_queue_kind)kind};
        if (!open_push(&push, &params, probe->quick))
            return kind != GPU_QUEUE_GRAPHICS;
        json_object(&probe->json, kinds[kind]);
        measure_copy(&probe->json, &push, false);
        measure_copy(&probe->json, &push, true);
        json_array(&probe->json, "calls");
        for (int pause = 0; pause < 3; pause++) {
            measure_calls(&probe->json, &push, "recorded anew", anew, pauses_ns[pause]);
            measure_calls(&probe->json, &push, "recorded before", again, pauses_ns[pause]);
            measure_calls(&probe->json, &push, "recorded before, no fence", bare, pauses_ns[pause]);
        }
        json_end_array(&probe->json);
        json_end_object(&probe->json);
        close_push(&push);
    }
    return true;
}
