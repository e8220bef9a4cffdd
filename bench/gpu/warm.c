/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include "stats.h"

#include <stdlib.h>

/* Arithmetic alone, some 0.3 ms of it: its time tells the clock. */
struct gpu_clock {
    struct gpu_kernel burn;
    VkCommandBuffer commands;
    VkQueryPool queries;
    double best_us;
};

enum { BURNS = 8, ROUNDS = 4000, GROUPS = 4096 };
#define FIRST_US 3e5
#define PATIENCE_US 5e5

static struct gpu_clock *open_clock(struct gpu *gpu)
{
    struct gpu_clock *const clock = calloc(1, sizeof *clock);
    gpu_must(clock ? VK_SUCCESS : VK_ERROR_OUT_OF_HOST_MEMORY, "a clock");
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2};
    gpu_must(gpu->vk.CreateQueryPool(gpu->device, &info, NULL, &clock->queries), "vkCreateQueryPool");
    gpu_kernel_create(gpu, &gpu_code_burn, NULL, 0, &clock->burn);
    const VkDescriptorSet set = gpu_set(gpu, &(struct gpu_bindings){0});
    clock->commands = gpu_begin(gpu, 0);
    gpu->vk.CmdResetQueryPool(clock->commands, clock->queries, 0, 2);
    for (int i = 0; i < BURNS; i++) {
        if (i == BURNS - 1)
            gpu->vk.CmdWriteTimestamp(clock->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, clock->queries,
                                      0);
        gpu_record(gpu, clock->commands,
                   &(struct gpu_work){.kernel = &clock->burn,
                                      .set = set,
                                      .push = {ROUNDS},
                                      .push_words = 1,
                                      .groups = {GROUPS, 1}});
        gpu_barrier(gpu, clock->commands);
    }
    gpu->vk.CmdWriteTimestamp(clock->commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, clock->queries, 1);
    gpu_end(gpu, clock->commands);
    return clock;
}

static double burn(struct gpu *gpu)
{
    uint64_t ticks[2];
    gpu_submit(gpu, gpu->clock->commands);
    gpu_must(gpu->vk.GetQueryPoolResults(gpu->device, gpu->clock->queries, 0, 2, sizeof ticks, ticks, 8,
                                         VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
             "vkGetQueryPoolResults");
    const double us = (double)(ticks[1] - ticks[0]) * (double)gpu->props.limits.timestampPeriod / 1e3;
    if (gpu->clock->best_us <= 0 || us < gpu->clock->best_us)
        gpu->clock->best_us = us;
    return us;
}

void gpu_warm(struct gpu *gpu)
{
    if (gpu->props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
        return;
    const double start = stats_now_us(), least = gpu->clock ? 0 : FIRST_US;
    if (!gpu->clock)
        gpu->clock = open_clock(gpu);
    for (;;) {
        const double us = burn(gpu), spent = stats_now_us() - start;
        if (spent > PATIENCE_US || (spent > least && us < 1.03 * gpu->clock->best_us))
            return;
    }
}

double gpu_clock(struct gpu *gpu)
{
    if (!gpu->clock)
        return 0;
    const double us = burn(gpu);
    return gpu->clock->best_us / us;
}

void gpu_warm_end(struct gpu *gpu)
{
    if (!gpu->clock)
        return;
    gpu->vk.DestroyQueryPool(gpu->device, gpu->clock->queries, NULL);
    gpu_kernel_destroy(gpu, &gpu->clock->burn);
    free(gpu->clock);
    gpu->clock = NULL;
}
