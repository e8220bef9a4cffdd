/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A present: the copy goes into the same queue before it, waits for what the present was to wait for, and the
 * present waits for the copy instead. Nothing here waits for anybody.
 */
#include "feed.h"
#include "objects.h"
#include "settings.h"
#include "stats.h"

#include <framering/frame.h>

enum { WAITS_MAX = 32 };

/* The GPU's side of one present. */
typedef struct copy {
    fr_layer_sink *sink;
    VkSemaphore wait[WAITS_MAX];
    VkPipelineStageFlags stage[WAITS_MAX];
    VkSemaphore copied; /* what the present is to wait for */
} copy;

/* Offers each of the program's swapchains. The one that is captured, which of those presented it is, and the
 * number of its present. */
static fr_layer_swapchain *find(fr_layer_queue *queue, const VkPresentInfoKHR *info, uint32_t *index,
                                uint64_t *sequence)
{
    fr_layer_swapchain *found = NULL;
    for (uint32_t i = 0; i < info->swapchainCount; i++) {
        fr_layer_swapchain *swapchain = fr_layer_swapchain_of(queue->device, info->pSwapchains[i]);
        if (!swapchain)
            continue;
        fr_layer_feed_offer(queue, swapchain);
        const uint64_t number = atomic_fetch_add_explicit(&swapchain->sequence, 1, memory_order_relaxed) + 1;
        if (found || !atomic_load_explicit(&swapchain->accepting, memory_order_acquire))
            continue;
        found = swapchain;
        *index = i;
        *sequence = number;
    }
    return found;
}

/* A stage whose frame nobody looked at, if the GPU is done with it. */
static bool take_over(const fr_layer_device *device, fr_layer_sink *stage)
{
    if (!fr_layer_sink_move(stage, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_TAKEN))
        return false;
    if (stage->submitted && device->vk.GetFenceStatus(device->handle, stage->fence) != VK_SUCCESS) {
        atomic_store_explicit(&stage->state, FR_LAYER_SINK_FILLED, memory_order_release);
        return false;
    }
    if (stage->submitted)
        device->vk.ResetFences(device->handle, 1, &stage->fence);
    stage->submitted = false;
    return true;
}

static fr_layer_sink *take_sink(fr_layer_swapchain *swapchain)
{
    for (uint32_t i = 0; i < FR_LAYER_SINKS_MAX; i++)
        if (fr_layer_sink_move(&swapchain->sink[i], FR_LAYER_SINK_OPEN, FR_LAYER_SINK_TAKEN))
            return &swapchain->sink[i];
    for (uint32_t i = FR_LAYER_SLOTS_MAX; i < FR_LAYER_SINKS_MAX; i++)
        if (take_over(swapchain->device, &swapchain->sink[i]))
            return &swapchain->sink[i];
    return NULL;
}

/* False: the device did not take it; the present goes on without. */
static bool submit(const fr_layer_queue *queue, const VkPresentInfoKHR *info,
                   const fr_layer_swapchain *swapchain, uint32_t image, copy *c)
{
    const fr_layer_sink *sink = c->sink;
    for (uint32_t i = 0; i < info->waitSemaphoreCount; i++) {
        c->wait[i] = info->pWaitSemaphores[i];
        /* What the program gives the queue later waits for them as well, in this stage. */
        c->stage[i] = sink->stage;
    }
    c->copied = swapchain->copied[image];
    const bool waits = info->waitSemaphoreCount;
    const VkCommandBuffer commands[2] = {sink->copy[swapchain->num_images], sink->copy[image]};
    const VkSemaphore signals[2] = {c->copied, sink->ready};
    const uint64_t signal_values[2] = {0, sink->ready_value};
    const uint64_t wait_values[WAITS_MAX] = {0};
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = info->waitSemaphoreCount,
        .pWaitSemaphoreValues = wait_values,
        .signalSemaphoreValueCount = 2,
        .pSignalSemaphoreValues = signal_values,
    };
    const VkSubmitInfo submission = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = sink->ready ? &values : NULL,
        .waitSemaphoreCount = info->waitSemaphoreCount,
        .pWaitSemaphores = c->wait,
        .pWaitDstStageMask = c->stage,
        .commandBufferCount = waits ? 1 : 2,
        .pCommandBuffers = waits ? commands + 1 : commands,
        .signalSemaphoreCount = sink->ready ? 2 : 1,
        .pSignalSemaphores = signals,
    };
    const VkResult result = queue->device->vk.QueueSubmit(queue->handle, 1, &submission, sink->fence);
    if (result == VK_ERROR_DEVICE_LOST)
        fr_layer_feed_lose(queue->device);
    return result == VK_SUCCESS;
}

static const VkPresentRegionKHR *region_of(const VkPresentInfoKHR *info, uint32_t index)
{
    for (const VkBaseInStructure *at = info->pNext; at; at = at->pNext) {
        const VkPresentRegionsKHR *regions = (const void *)at;
        if (at->sType == VK_STRUCTURE_TYPE_PRESENT_REGIONS_KHR && regions->pRegions &&
            index < regions->swapchainCount)
            return &regions->pRegions[index];
    }
    return NULL;
}

/* What a program with VK_KHR_incremental_present says has changed since its present before. */
static void note_damage(fr_layer_sink *sink, const VkPresentRegionKHR *region,
                        const fr_layer_swapchain *swapchain)
{
    /* No rectangles: all of it. */
    sink->has_damage = region && region->rectangleCount && region->pRectangles;
    sink->damage.count = 0;
    for (uint32_t i = 0; sink->has_damage && i < region->rectangleCount; i++) {
        const VkRectLayerKHR *rect = &region->pRectangles[i];
        /* Larger than what there is: nonsense. */
        sink->has_damage = rect->extent.width <= swapchain->width && rect->extent.height <= swapchain->height;
        fr_rects_add(&sink->damage,
                     fr_rect_clip(rect->offset.x, rect->offset.y, (int32_t)rect->extent.width,
                                  (int32_t)rect->extent.height, swapchain->width, swapchain->height));
    }
}

/* True: the copy was submitted, and the present is to wait for c->copied alone. */
static bool capture(const fr_layer_queue *queue, const VkPresentInfoKHR *info, fr_layer_swapchain *swapchain,
                    uint32_t index, uint64_t sequence, copy *c, fr_layer_fate *fate)
{
    const uint32_t image = info->pImageIndices[index];
    if (!atomic_load_explicit(&swapchain->accepting, memory_order_acquire))
        return false;
    *fate = FR_LAYER_FATE_DROPPED;
    if (info->waitSemaphoreCount > WAITS_MAX || image >= swapchain->num_images ||
        queue->family != swapchain->family)
        return false;
    c->sink = take_sink(swapchain);
    if (!c->sink)
        return false;
    fr_layer_sink *sink = c->sink;
    const bool is_slot = sink->is_slot;
    sink->present_ns = fr_clock_now_ns();
    sink->sequence = sequence;
    note_damage(sink, region_of(info, index), swapchain);
    sink->image_index = image;
    sink->submitted = submit(queue, info, swapchain, image, c);
    const bool submitted = sink->submitted;
    if (submitted)
        *fate = is_slot ? FR_LAYER_FATE_SLOT : FR_LAYER_FATE_STAGE;
    /* Pairs with the acquire in the feed: from here on the sink is its. */
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_FILLED, memory_order_release);
    fr_layer_feed_filled(swapchain, sink);
    return submitted;
}

/* What a present took so far. */
static void add(fr_layer_moment *sum, fr_layer_moment since)
{
    const fr_layer_moment took = fr_layer_moment_since(since);
    sum->cpu_ns += took.cpu_ns;
    sum->clock_ns += took.clock_ns;
}

static VkResult present(fr_layer_queue *queue, const VkPresentInfoKHR *info, fr_layer_fate *fate,
                        fr_layer_moment *sum, fr_layer_moment since)
{
    copy c;
    uint32_t index = 0;
    uint64_t sequence = 0;
    VkPresentInfoKHR own = *info;
    fr_layer_swapchain *swapchain = find(queue, info, &index, &sequence);
    pthread_mutex_lock(&queue->mutex);
    if (swapchain && capture(queue, info, swapchain, index, sequence, &c, fate)) {
        own.waitSemaphoreCount = 1;
        own.pWaitSemaphores = &c.copied;
    }
    add(sum, since);
    const VkResult result = queue->device->vk.QueuePresentKHR(queue->handle, &own);
    since = fr_layer_moment_now();
    pthread_mutex_unlock(&queue->mutex);
    add(sum, since);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueuePresentKHR(VkQueue handle, const VkPresentInfoKHR *info)
{
    const fr_layer_moment since = fr_layer_moment_now();
    fr_layer_device *device = fr_layer_device_of(handle);
    fr_layer_queue *queue = fr_layer_queue_of(device, handle);
    if (!queue)
        return device->vk.QueuePresentKHR(handle, info);
    fr_layer_fate fate = FR_LAYER_FATE_PASSED;
    fr_layer_moment sum = {0};
    const VkResult result = present(queue, info, &fate, &sum, since);
    if (fr_layer_settings_get()->stats)
        fr_layer_stats_note(fate, sum.cpu_ns, sum.clock_ns);
    if (result == VK_ERROR_DEVICE_LOST)
        fr_layer_feed_lose(device);
    return result;
}
