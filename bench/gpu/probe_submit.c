/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "shaders.h"
#include "stats.h"

#include <stdlib.h>
#include <time.h>

/* What one vkQueueSubmit costs the thread that calls it, and how soon its end is seen in one process. */

enum end { END_COUNTER, END_WAIT_SEMAPHORES, END_FENCE, END_WORD, ENDS };
static const char *const end_names[ENDS] = {"poll vkGetSemaphoreCounterValue", "vkWaitSemaphores",
                                            "vkWaitForFences", "poll a word of host memory"};

struct submit {
    struct gpu gpu;
    struct gpu_buffer count, word;
    struct gpu_kernel tick;
    VkDescriptorSet set;
    VkCommandBuffer commands, empty;
    VkSemaphore timeline, waited, binary;
    uint64_t value;
    double *cpu_us, *seen_us;
    size_t rounds;
};

static void open_submit(struct submit *submit)
{
    struct gpu *const gpu = &submit->gpu;
    if (!gpu_buffer_create(gpu, 256, GPU_PLACE_DEVICE, &submit->count) ||
        !gpu_buffer_create(gpu, 256, GPU_PLACE_HOST_CACHED, &submit->word))
        gpu_must(VK_ERROR_OUT_OF_DEVICE_MEMORY, "two words");
    gpu_buffer_noise(gpu, &submit->count);
    gpu_kernel_create(gpu, &gpu_code_tick, NULL, 0, &submit->tick);
    submit->set = gpu_set(gpu, &(struct gpu_bindings){.buffer = {&submit->count, &submit->word}});
    submit->commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    gpu_record(gpu, submit->commands,
               &(struct gpu_work){.kernel = &submit->tick, .set = submit->set, .groups = {1, 1}});
    gpu_barrier(gpu, submit->commands);
    gpu_end(gpu, submit->commands);
    submit->empty = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    gpu_end(gpu, submit->empty);
    submit->timeline = gpu_timeline(gpu, gpu->shared_timeline);
    submit->waited = gpu_timeline(gpu, gpu->shared_timeline);
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    gpu_must(gpu->vk.CreateSemaphore(gpu->device, &info, NULL, &submit->binary), "vkCreateSemaphore");
}

static void close_submit(struct submit *submit)
{
    struct gpu *const gpu = &submit->gpu;
    gpu->vk.DeviceWaitIdle(gpu->device);
    gpu->vk.DestroySemaphore(gpu->device, submit->timeline, NULL);
    gpu->vk.DestroySemaphore(gpu->device, submit->waited, NULL);
    gpu->vk.DestroySemaphore(gpu->device, submit->binary, NULL);
    gpu_kernel_destroy(gpu, &submit->tick);
    gpu_buffer_destroy(gpu, &submit->count);
    gpu_buffer_destroy(gpu, &submit->word);
    gpu_close(gpu);
}

/* Waits on `waited` at 0, which it always has reached, where `wait`. */
static void submit_once(struct submit *submit, bool wait, VkFence fence)
{
    static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    const uint64_t zero = 0;
    submit->value++;
    const VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                  .waitSemaphoreValueCount = wait,
                                                  .pWaitSemaphoreValues = &zero,
                                                  .signalSemaphoreValueCount = 1,
                                                  .pSignalSemaphoreValues = &submit->value};
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = &values,
                               .waitSemaphoreCount = wait,
                               .pWaitSemaphores = &submit->waited,
                               .pWaitDstStageMask = &stage,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &submit->commands,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = &submit->timeline};
    gpu_must(submit->gpu.vk.QueueSubmit(submit->gpu.queue[0], 1, &info, fence), "vkQueueSubmit");
}

static void wait_end(struct submit *submit, enum end end, uint32_t word)
{
    struct gpu *const gpu = &submit->gpu;
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &submit->timeline,
                                      .pValues = &submit->value};
    uint64_t value = 0;
    if (end == END_COUNTER) {
        while (value < submit->value)
            gpu_must(gpu->vk.GetSemaphoreCounterValue(gpu->device, submit->timeline, &value), "the counter");
    } else if (end == END_FENCE) {
        gpu_must(gpu->vk.WaitForFences(gpu->device, 1, &gpu->fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
        gpu->vk.ResetFences(gpu->device, 1, &gpu->fence);
    } else if (end == END_WORD) {
        const volatile uint32_t *const seen = submit->word.mapped;
        while (*seen == word)
            ;
        return;
    }
    gpu_must(gpu->vk.WaitSemaphores(gpu->device, &info, UINT64_MAX), "vkWaitSemaphores");
}

static void measure_end(struct probe *probe, struct submit *submit, enum end end, bool pause)
{
    struct gpu *const gpu = &submit->gpu;
    for (size_t i = 0; i < submit->rounds; i++) {
        gpu->vk.DeviceWaitIdle(gpu->device);
        const uint32_t word = *(volatile uint32_t *)submit->word.mapped;
        if (pause)
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        const double start = stats_now_us();
        submit_once(submit, true, end == END_FENCE ? gpu->fence : VK_NULL_HANDLE);
        submit->cpu_us[i] = stats_now_us() - start;
        wait_end(submit, end, word);
        submit->seen_us[i] = stats_now_us() - start;
    }
    json_object(&probe->json, NULL);
    json_text(&probe->json, "end", end_names[end]);
    json_bool(&probe->json, "pause_1ms", pause);
    stats_write(&probe->json, "submit_cpu_us", submit->cpu_us, submit->rounds);
    stats_write(&probe->json, "seen_us", submit->seen_us, submit->rounds);
    json_end_object(&probe->json);
}

/* As a layer does it before a present: a wait for the program's semaphore, a copy, two signals; then the
 * present's wait, which a second submission stands in for. */
static void measure_layer(struct probe *probe, struct submit *submit)
{
    struct gpu *const gpu = &submit->gpu;
    static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo rendered = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                   .commandBufferCount = 1,
                                   .pCommandBuffers = &submit->empty,
                                   .signalSemaphoreCount = 1,
                                   .pSignalSemaphores = &submit->binary};
    for (size_t i = 0; i < submit->rounds; i++) {
        const uint64_t values[2] = {0, ++submit->value};
        const VkSemaphore signals[2] = {submit->binary, submit->timeline};
        const VkTimelineSemaphoreSubmitInfo timeline = {.sType =
                                                            VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                        .waitSemaphoreValueCount = 1,
                                                        .pWaitSemaphoreValues = values,
                                                        .signalSemaphoreValueCount = 2,
                                                        .pSignalSemaphoreValues = values};
        const VkSubmitInfo copy = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                   .pNext = &timeline,
                                   .waitSemaphoreCount = 1,
                                   .pWaitSemaphores = &submit->binary,
                                   .pWaitDstStageMask = &stage,
                                   .commandBufferCount = 1,
                                   .pCommandBuffers = &submit->commands,
                                   .signalSemaphoreCount = 2,
                                   .pSignalSemaphores = signals};
        const VkSubmitInfo present = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                      .waitSemaphoreCount = 1,
                                      .pWaitSemaphores = &submit->binary,
                                      .pWaitDstStageMask = &stage};
        gpu_must(gpu->vk.QueueSubmit(gpu->queue[0], 1, &rendered, VK_NULL_HANDLE), "vkQueueSubmit");
        const double start = stats_now_us();
        gpu_must(gpu->vk.QueueSubmit(gpu->queue[0], 1, &copy, VK_NULL_HANDLE), "vkQueueSubmit");
        submit->cpu_us[i] = stats_now_us() - start;
        gpu_must(gpu->vk.QueueSubmit(gpu->queue[0], 1, &present, VK_NULL_HANDLE), "vkQueueSubmit");
        gpu->vk.DeviceWaitIdle(gpu->device);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    stats_write(&probe->json, "layer_submit_cpu_us", submit->cpu_us, submit->rounds);
}

static void measure_burst(struct probe *probe, struct submit *submit)
{
    for (size_t i = 0; i < submit->rounds; i++) {
        const double start = stats_now_us();
        submit_once(submit, true, VK_NULL_HANDLE);
        submit->cpu_us[i] = stats_now_us() - start;
    }
    submit->gpu.vk.DeviceWaitIdle(submit->gpu.device);
    stats_write(&probe->json, "burst_submit_cpu_us", submit->cpu_us, submit->rounds);
}

bool probe_submit(struct probe *probe)
{
    static const char *const kinds[] = {"graphics", "compute"};
    for (int kind = GPU_QUEUE_GRAPHICS; kind <= GPU_QUEUE_COMPUTE; kind++) {
        struct submit submit = {.rounds = probe->quick ? 50 : 1000};
        const struct gpu_params params = {.device = probe->device, .kind = (enum gpu_queue_kind)kind};
        if (!gpu_open(&submit.gpu, &params))
            return kind != GPU_QUEUE_GRAPHICS;
        if (!submit.gpu.timeline) {
            json_text(&probe->json, "skipped", "no timeline semaphores");
            gpu_close(&submit.gpu);
            return true;
        }
        submit.cpu_us = calloc(submit.rounds, sizeof *submit.cpu_us);
        submit.seen_us = calloc(submit.rounds, sizeof *submit.seen_us);
        if (!submit.cpu_us || !submit.seen_us)
            gpu_must(VK_ERROR_OUT_OF_HOST_MEMORY, "samples");
        open_submit(&submit);
        json_object(&probe->json, kinds[kind]);
        json_array(&probe->json, "wait_and_signal");
        for (int end = 0; end < ENDS; end++)
            for (int pause = 0; pause < 2; pause++)
                measure_end(probe, &submit, (enum end)end, pause != 0);
        json_end_array(&probe->json);
        measure_burst(probe, &submit);
        measure_layer(probe, &submit);
        json_end_object(&probe->json);
        close_submit(&submit);
        free(submit.cpu_us);
        free(submit.seen_us);
    }
    return true;
}
