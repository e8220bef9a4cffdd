/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A present takes a slot that was claimed for it and copies straight into the ring. Where none is claimed
 * (the feed is still busy with the frame before, the program had stood still, or the ring lies in memory)
 * it takes a stage, from which the feed brings the picture into a slot: so the last frame before a program
 * stands still is never lost, and no present waits.
 */
#include "feed_inside.h"

#include "settings.h"

#include <sched.h>

enum { TRIES_MAX = 20 }; /* of a stage for which the ring has no room */

/* The longest wait for the GPU, longer than drivers let a GPU hang; a driver in software on a busy machine
 * has been seen to take two seconds. */
static const uint64_t gpu_ns = 10 * FR_LAYER_NS_PER_S;

/* OPEN -> OFF. False: a present was faster. */
static bool take_back(fr_layer_sink *sink)
{
    return fr_layer_sink_move(sink, FR_LAYER_SINK_OPEN, FR_LAYER_SINK_OFF);
}

static VkResult wait_for(struct fr_layer_feed *feed, const fr_layer_sink *sink, uint64_t timeout_ns)
{
    const VkResult result = fr_layer_sink_wait(sink, feed->device, feed->hung ? 0 : timeout_ns);
    if (result == VK_ERROR_DEVICE_LOST)
        fr_layer_feed_lose(feed->device);
    return result;
}

bool fr_layer_frames_finish(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    const VkResult result = wait_for(feed, sink, gpu_ns);
    if (result != VK_SUCCESS && result != VK_ERROR_DEVICE_LOST && !feed->hung) {
        fr_layer_say("the GPU does not finish the copy of a frame (VkResult %d), nothing more is captured",
                     (int)result);
        feed->over = feed->hung = true;
    }
    return result == VK_SUCCESS;
}

/* Ends what a present may have begun with the sink, and frees it. What the GPU never ends stays; to a lost
 * device it has ended. */
static void drop_sink(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    if (!sink->made)
        return;
    (void)take_back(sink);
    while (!fr_layer_sink_move(sink, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_HELD) &&
           fr_layer_sink_state(sink) == FR_LAYER_SINK_TAKEN)
        sched_yield(); /* for as long as a vkQueueSubmit takes */
    if (!fr_layer_frames_finish(feed, sink) &&
        !atomic_load_explicit(&feed->device->lost, memory_order_relaxed)) {
        fr_layer_sink_forget(sink);
        return;
    }
    fr_layer_sink_reset(sink, feed->current);
    fr_layer_sink_finish(sink, feed->current, feed->pool);
}

void fr_layer_frames_drop(struct fr_layer_feed *feed)
{
    fr_layer_swapchain *swapchain = feed->current;
    atomic_store_explicit(&swapchain->accepting, false, memory_order_release);
    for (uint32_t i = 0; i < FR_LAYER_SINKS_MAX; i++)
        drop_sink(feed, &swapchain->sink[i]);
    if (feed->holding)
        fr_source_cancel(feed->source);
    feed->holding = false;
    feed->held_sink = NULL;
    feed->generation = feed->prompt = 0;
    feed->ring = FR_LAYER_RING_UNKNOWN;
    feed->tries = 0;
}

/* ---- the ring ---- */

static bool fits(const struct fr_layer_feed *feed, const fr_source_info *ring)
{
    const fr_layer_swapchain *swapchain = feed->current;
    return ring->attached && ring->width == swapchain->width && ring->height == swapchain->height &&
           ring->format == swapchain->plan.format;
}

static bool make_stages(struct fr_layer_feed *feed)
{
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++)
        if (!fr_layer_sink_make_stage(fr_layer_stage(feed->current, i), feed->current, feed->pool,
                                      feed->ring == FR_LAYER_RING_MEMORY))
            return false;
    return true;
}

/* A first claim says of what kind the slots are. */
static void take_up(struct fr_layer_feed *feed, uint32_t generation)
{
    fr_layer_swapchain *swapchain = feed->current;
    if (!fr_layer_claims_may(feed, fr_layer_now_ns()) || !fr_layer_claims_begin(feed, FR_LAYER_PATIENT))
        return;
    if (!make_stages(feed)) {
        fr_layer_frames_drop(feed);
        feed->over = true;
        return;
    }
    feed->generation = generation;
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++)
        fr_layer_sink_open(fr_layer_stage(swapchain, i));
    if (feed->held_sink)
        fr_layer_sink_open(feed->held_sink);
    atomic_store_explicit(&swapchain->accepting, true, memory_order_release);
}

void fr_layer_frames_follow(struct fr_layer_feed *feed)
{
    fr_source_info ring = {0};
    if (feed->holding)
        return;
    fr_source_get_info(feed->source, &ring);
    const bool usable = feed->attached && !feed->over && fits(feed, &ring);
    if (feed->generation && (!usable || ring.generation != feed->generation))
        fr_layer_frames_drop(feed);
    if (usable && !feed->generation)
        take_up(feed, ring.generation);
}

/* ---- frames ---- */

/* What differs is known where the frame published last is the present before. */
static fr_publish_info info_of(const struct fr_layer_feed *feed, const fr_layer_sink *sink)
{
    const bool known = sink->has_damage && feed->shown && sink->sequence == feed->shown + 1;
    return (fr_publish_info){
        .present_ns = sink->present_ns,
        .damage = known ? sink->damage.rect : NULL,
        .num_damage = sink->damage.count,
    };
}

static void publish_slot(struct fr_layer_feed *feed)
{
    fr_layer_sink *sink = feed->held_sink;
    const fr_publish_info info = info_of(feed, sink);
    /* With a semaphore the host waits by itself, and the commands may still run. */
    const bool good = sink->submitted && (sink->ready || fr_layer_frames_finish(feed, sink));
    if (good && fr_source_publish(feed->source, &info) == FR_OK) {
        feed->published = feed->shown = sink->sequence;
        feed->prompt = feed->generation;
    } else if (!good) {
        fr_source_cancel(feed->source);
    }
    feed->frame_ns = sink->present_ns;
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OFF, memory_order_relaxed);
    feed->holding = false;
    feed->held_sink = NULL;
}

static bool publish_from_memory(struct fr_layer_feed *feed, const fr_layer_sink *sink,
                                const fr_publish_info *info)
{
    const fr_layer_device *device = feed->device;
    if (!feed->holding && !fr_layer_claims_begin(feed, FR_LAYER_PATIENT))
        return false;
    const size_t row_bytes = (size_t)feed->held.width * fr_format_pixel_bytes(feed->held.format);
    const VkMappedMemoryRange range = {
        .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
        .memory = sink->buffer_memory,
        .size = VK_WHOLE_SIZE,
    };
    if (sink->cached)
        (void)device->vk.InvalidateMappedMemoryRanges(device->handle, 1, &range);
    const fr_image image = {
        .pixels = sink->pixels,
        .pitch_bytes = (ptrdiff_t)row_bytes,
        .width = feed->held.width,
        .height = feed->held.height,
        .format = feed->held.format,
    };
    (void)fr_slot_write(&feed->held, &image, NULL, 0);
    feed->holding = false;
    return fr_source_publish(feed->source, info) == FR_OK;
}

static bool publish_from_image(struct fr_layer_feed *feed, const fr_layer_sink *sink,
                               const fr_publish_info *info)
{
    const fr_layer_swapchain *swapchain = feed->current;
    const fr_vulkan_image image = {
        .image = (uint64_t)(uintptr_t)sink->image,
        .format = (uint32_t)swapchain->plan.image_format,
        .width = swapchain->width,
        .height = swapchain->height,
        .layout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        .sampled = sink->storage,
    };
    return fr_source_push_vulkan(feed->source, &image, info) == FR_OK;
}

bool fr_layer_frames_now(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    if (pthread_mutex_trylock(&feed->work) != 0)
        return false;
    const bool can = feed->held_sink == sink && fr_layer_sink_state(sink) == FR_LAYER_SINK_FILLED &&
                     sink->ready && feed->prompt == feed->generation && feed->generation && !feed->news &&
                     !feed->over;
    if (can) {
        publish_slot(feed);
        fr_layer_claims_make(feed, FR_LAYER_AT_ONCE);
    }
    const bool done = can && feed->holding;
    pthread_mutex_unlock(&feed->work);
    return done;
}

/* For another turn, or a newer frame. */
static void give_back(fr_layer_sink *stage)
{
    atomic_store_explicit(&stage->state, FR_LAYER_SINK_FILLED, memory_order_release);
}

/* A stage, HELD, whose frame is shown already, or will never be. */
static void let_go(struct fr_layer_feed *feed, fr_layer_sink *stage)
{
    if (wait_for(feed, stage, 0) != VK_SUCCESS) {
        give_back(stage);
        return;
    }
    fr_layer_sink_reset(stage, feed->current);
    fr_layer_sink_open(stage);
}

/* The newest frame in a stage, HELD; the others are older than one that is shown, or will be, and given back.
 */
static fr_layer_sink *newest_stage(struct fr_layer_feed *feed)
{
    fr_layer_sink *newest = NULL;
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++) {
        fr_layer_sink *sink = fr_layer_stage(feed->current, i);
        if (!fr_layer_sink_move(sink, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_HELD))
            continue;
        fr_layer_sink *old = sink;
        if (sink->submitted && sink->sequence > feed->published &&
            (!newest || sink->sequence > newest->sequence)) {
            old = newest;
            newest = sink;
        }
        if (old)
            let_go(feed, old);
    }
    return newest;
}

static void publish_stage(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    const fr_publish_info info = info_of(feed, sink);
    if (!fr_layer_frames_finish(feed, sink))
        return;
    if (feed->trying != sink->sequence)
        feed->tries = 0;
    feed->trying = sink->sequence;
    const bool in_memory = feed->ring == FR_LAYER_RING_MEMORY;
    const bool done =
        in_memory ? publish_from_memory(feed, sink, &info) : publish_from_image(feed, sink, &info);
    if (!done && ++feed->tries < TRIES_MAX) {
        give_back(sink);
        return;
    }
    feed->tries = 0;
    feed->published = sink->sequence;
    if (done) {
        feed->shown = sink->sequence;
        feed->prompt = feed->generation;
    }
    feed->frame_ns = sink->present_ns;
    fr_layer_sink_reset(sink, feed->current);
    fr_layer_sink_open(sink);
}

void fr_layer_frames_collect(struct fr_layer_feed *feed)
{
    if (!feed->generation || feed->over)
        return;
    if (feed->held_sink && fr_layer_sink_state(feed->held_sink) == FR_LAYER_SINK_FILLED)
        publish_slot(feed);
    fr_layer_sink *sink = newest_stage(feed);
    feed->unripe = sink && feed->ring == FR_LAYER_RING_IMAGES && wait_for(feed, sink, 0) == VK_TIMEOUT;
    if (feed->unripe)
        give_back(sink);
    if (!sink || feed->unripe)
        return;
    /* A claim that a present takes at this moment is newer than the stage: then it is that one's turn. */
    if (feed->held_sink && !fr_layer_claims_release(feed)) {
        give_back(sink);
        return;
    }
    publish_stage(feed, sink);
}
