/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "handoff.h"

#include "stats.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_US 10e6

static bool late(struct handoff_side *side, double start)
{
    if (atomic_load(&side->shared->failed))
        return true;
    if (stats_now_us() - start < PATIENCE_US)
        return false;
    fprintf(stderr, "The %s waited too long.\n", side->me ? "host" : "source");
    atomic_store(&side->shared->failed, true);
    return true;
}

/* Spins until *word has reached value. */
static bool spin(struct handoff_side *side, _Atomic uint64_t *word, uint64_t value)
{
    const double start = stats_now_us();
    for (uint32_t i = 1; atomic_load_explicit(word, memory_order_acquire) < value; i++)
        if (i % 65536 == 0 && late(side, start))
            return false;
    return true;
}

bool handoff_meet(struct handoff_side *side)
{
    struct handoff_shared *const shared = side->shared;
    const uint64_t here = atomic_fetch_add(&shared->arrived[side->me], 1) + 1;
    const double start = stats_now_us();
    while (atomic_load(&shared->arrived[!side->me]) < here) {
        sched_yield();
        if (late(side, start))
            return false;
    }
    return true;
}

static bool poll_counter(struct handoff_side *side, VkSemaphore semaphore, uint64_t wanted)
{
    const double start = stats_now_us();
    uint64_t value = 0;
    for (uint32_t i = 1; value < wanted; i++) {
        gpu_must(side->gpu.vk.GetSemaphoreCounterValue(side->gpu.device, semaphore, &value), "the counter");
        if (i % 4096 == 0 && late(side, start))
            return false;
    }
    return true;
}

static bool poll_word(struct handoff_side *side, const volatile uint32_t *word, uint32_t before)
{
    const double start = stats_now_us();
    for (uint32_t i = 1; *word == before; i++)
        if (i % 65536 == 0 && late(side, start))
            return false;
    return true;
}

static VkCommandBuffer commands_of(const struct handoff_side *side, const struct handoff_mode *mode)
{
    const bool word = side->me == 0 ? mode->start == HANDOFF_WORD : mode->end_word;
    return mode->trace ? side->traced : word ? side->ticking : side->plain;
}

void handoff_submit(struct handoff_side *side, const struct handoff_mode *mode, bool wait)
{
    static const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkCommandBuffer commands = commands_of(side, mode);
    const VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                  .waitSemaphoreValueCount = wait,
                                                  .pWaitSemaphoreValues = &side->round,
                                                  .signalSemaphoreValueCount = 1,
                                                  .pSignalSemaphoreValues = &side->round};
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = &values,
                               .waitSemaphoreCount = wait,
                               .pWaitSemaphores = &side->ready,
                               .pWaitDstStageMask = &stage,
                               .commandBufferCount = 1,
                               .pCommandBuffers = &commands,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = side->me == 0 ? &side->ready : &side->own};
    if (side->queue_lock)
        pthread_mutex_lock(side->queue_lock);
    gpu_must(side->gpu.vk.QueueSubmit(side->gpu.queue[0], 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
    if (side->queue_lock)
        pthread_mutex_unlock(side->queue_lock);
}

bool handoff_source_rounds(struct handoff_side *side, const struct handoff_mode *mode, uint32_t rounds,
                           uint64_t pause_ns)
{
    struct handoff_shared *const shared = side->shared;
    for (uint32_t i = 0; i < rounds; i++) {
        if (pause_ns)
            nanosleep(&(struct timespec){.tv_nsec = (long)pause_ns}, NULL);
        side->round++;
        if (mode->start == HANDOFF_EARLY && !spin(side, &shared->early, side->round))
            return false;
        const double start = stats_now_us();
        handoff_submit(side, mode, false);
        if (mode->start == HANDOFF_SOURCE_WAITS && !poll_counter(side, side->ready, side->round))
            return false;
        shared->submitted_us = start;
        if (mode->trace) {
            if (!poll_counter(side, side->ready, side->round))
                return false;
            handoff_side_trace(side, shared->gpu_us);
        }
        atomic_store_explicit(&shared->seq, side->round, memory_order_release);
        if (mode->event && write(side->event, &(uint64_t){1}, 8) != 8)
            return false;
        if (!spin(side, &shared->done, side->round))
            return false;
    }
    return true;
}

/* Until the host may submit; *wait: its submission waits for the source's. */
static bool until_start(struct handoff_side *side, const struct handoff_mode *mode, bool *wait)
{
    struct gpu *const gpu = &side->gpu;
    *wait = mode->start == HANDOFF_GPU_WAITS || mode->start == HANDOFF_POLL || mode->start == HANDOFF_BLOCK;
    if (mode->start == HANDOFF_WORD)
        return poll_word(side, (const volatile uint32_t *)side->shared->word, side->before[0]);
    uint64_t told;
    if (mode->event && read(side->event, &told, 8) != 8)
        return false;
    if (!spin(side, &side->shared->seq, side->round))
        return false;
    if (mode->start == HANDOFF_POLL || mode->start == HANDOFF_POLL_NO_WAIT)
        return poll_counter(side, side->ready, side->round);
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &side->ready,
                                      .pValues = &side->round};
    if (mode->start == HANDOFF_BLOCK)
        gpu_must(gpu->vk.WaitSemaphores(gpu->device, &info, UINT64_C(5000000000)), "vkWaitSemaphores");
    return true;
}

static bool until_end(struct handoff_side *side, const struct handoff_mode *mode)
{
    if (!mode->end_word)
        return poll_counter(side, side->own, side->round);
    return poll_word(side, side->word.mapped, side->before[1]);
}

void handoff_host_look(struct handoff_side *side)
{
    side->before[0] = *(volatile uint32_t *)side->shared->word;
    side->before[1] = *(volatile uint32_t *)side->word.mapped;
}

static bool host_round(struct handoff_side *side, const struct handoff_mode *mode, uint32_t i,
                       struct handoff_samples *out)
{
    struct handoff_shared *const shared = side->shared;
    /* A trace publishes when the source's work is done, so the host's has to be there before. */
    const bool early = mode->start == HANDOFF_EARLY;
    bool wait = true;
    side->round++;
    if (!early && !until_start(side, mode, &wait))
        return false;
    const double told = stats_now_us();
    handoff_submit(side, mode, wait);
    const double submitted = stats_now_us();
    if (early)
        atomic_store_explicit(&shared->early, side->round, memory_order_release);
    if (!until_end(side, mode))
        return false;
    const double seen = stats_now_us();
    if (!spin(side, &shared->seq, side->round) || !poll_counter(side, side->own, side->round))
        return false;
    const double start = shared->submitted_us;
    out->latency_us[i] = seen - start;
    out->told_us[i] = early ? 0 : told - start;
    out->submit_us[i] = submitted - told;
    if (mode->trace) {
        double gpu_us[2];
        handoff_side_trace(side, gpu_us);
        const double at[6] = {start, shared->gpu_us[0], shared->gpu_us[1], gpu_us[0], gpu_us[1], seen};
        for (int k = 0; k < 5; k++)
            out->segment_us[k][i] = at[k + 1] - at[k];
    }
    handoff_host_look(side);
    atomic_store_explicit(&shared->done, side->round, memory_order_release);
    return true;
}

bool handoff_host_rounds(struct handoff_side *side, const struct handoff_mode *mode, uint32_t rounds,
                         struct handoff_samples *out)
{
    for (uint32_t i = 0; i < rounds; i++)
        if (!host_round(side, mode, i, out))
            return false;
    return true;
}
