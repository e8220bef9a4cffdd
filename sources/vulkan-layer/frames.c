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

/* A claim without a present is given back after this, for the library may not be called between; a program
 * that presents less often goes through the stages. */
static const uint64_t hold_ns = 250 * FR_LAYER_NS_PER_MS;

/* After a claim, or a stage, for which the ring had no room. */
static const uint64_t again_ns = 10 * FR_LAYER_NS_PER_MS;
enum { TRIES_MAX = 20 };

/* The longest wait for the GPU, longer than drivers let a GPU hang; a driver in software on a busy machine
 * has been seen to take two seconds. */
static const uint64_t gpu_ns = 10 * FR_LAYER_NS_PER_S;

static uint32_t state_of(const fr_layer_sink *sink)
{
    return atomic_load_explicit(&sink->state, memory_order_acquire);
}

static fr_layer_sink *stage(fr_layer_swapchain *swapchain, uint32_t index)
{
    return &swapchain->sink[FR_LAYER_SLOTS_MAX + index];
}

static void open_sink(fr_layer_sink *sink)
{
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OPEN, memory_order_release);
}

/* OPEN -> OFF. False: a present was faster. */
static bool take_back(fr_layer_sink *sink)
{
    return fr_layer_sink_move(sink, FR_LAYER_SINK_OPEN, FR_LAYER_SINK_OFF);
}

/* Waits for the GPU. False: it never ends, or the device is lost. */
static bool finish_copy(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    const VkResult result = fr_layer_sink_wait(sink, feed->device, gpu_ns);
    if (result != VK_SUCCESS && !feed->over) {
        fr_layer_say("the GPU does not finish the copy of a frame (VkResult %d), nothing more is captured",
                     (int)result);
        feed->over = true;
    }
    return result == VK_SUCCESS;
}

static bool release_claim(struct fr_layer_feed *feed)
{
    if (feed->held_sink && !take_back(feed->held_sink))
        return false;
    fr_source_cancel(feed->source);
    feed->holding = false;
    feed->held_sink = NULL;
    return true;
}

bool fr_layer_frames_release(struct fr_layer_feed *feed, uint64_t now_ns)
{
    if (!feed->holding)
        return true;
    return (feed->news || now_ns - feed->held_ns >= hold_ns) && release_claim(feed);
}

bool fr_layer_frames_settle(struct fr_layer_feed *feed, uint64_t timeout_ns)
{
    fr_layer_swapchain *swapchain = feed->current;
    for (uint32_t i = 0; swapchain && i < FR_LAYER_SLOTS_MAX; i++) {
        fr_layer_sink *sink = &swapchain->sink[i];
        if (!sink->made || !sink->submitted)
            continue;
        if (fr_layer_sink_wait(sink, feed->device, timeout_ns) != VK_SUCCESS)
            return false;
        fr_layer_sink_reset(sink, feed->device);
    }
    return true;
}

/* Ends what a present may have begun with the sink, and frees it. What the GPU never ends stays. */
static void drop_sink(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    if (!sink->made)
        return;
    (void)take_back(sink);
    while (!fr_layer_sink_move(sink, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_HELD) &&
           state_of(sink) == FR_LAYER_SINK_TAKEN)
        sched_yield(); /* for as long as a vkQueueSubmit takes */
    if (!finish_copy(feed, sink)) {
        fr_layer_sink_forget(sink);
        return;
    }
    fr_layer_sink_reset(sink, feed->device);
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
    feed->generation = 0;
    feed->ring = FR_LAYER_RING_UNKNOWN;
    feed->tries = 0;
}

/* ---- claims ---- */

/* The sink of this slot's image. NULL: out of memory. */
static fr_layer_sink *sink_of(struct fr_layer_feed *feed, const fr_vulkan_slot *slot)
{
    fr_layer_swapchain *swapchain = feed->current;
    fr_layer_sink *unused = NULL;
    for (uint32_t i = 0; i < FR_LAYER_SLOTS_MAX; i++) {
        fr_layer_sink *sink = &swapchain->sink[i];
        if (sink->made && sink->image == (VkImage)(uintptr_t)slot->image)
            return sink;
        if (!sink->made && !unused)
            unused = sink;
    }
    return unused && fr_layer_sink_make_slot(unused, swapchain, feed->pool, slot) ? unused : NULL;
}

/* After a begin: the slot waits for a present. False: it is given back. */
static bool hold_image(struct fr_layer_feed *feed, const fr_vulkan_slot *slot)
{
    fr_layer_sink *sink = sink_of(feed, slot);
    if (!sink || !finish_copy(feed, sink)) {
        fr_source_cancel(feed->source);
        return false;
    }
    fr_layer_sink_reset(sink, feed->device);
    sink->ready = (VkSemaphore)(uintptr_t)slot->ready;
    sink->ready_value = slot->ready_value;
    feed->held_sink = sink;
    return true;
}

/* False: not now. */
static bool begin(struct fr_layer_feed *feed)
{
    feed->claim_ns = fr_layer_now_ns();
    if (fr_source_begin_ahead(feed->source, &feed->held) != FR_OK)
        return false;
    feed->held_sink = NULL;
    if (!feed->held.pixels) {
        fr_vulkan_slot slot;
        if (fr_source_vulkan_slot(feed->source, &feed->held, &slot) != FR_OK) {
            fr_source_cancel(feed->source);
            return false;
        }
        if (!hold_image(feed, &slot))
            return false;
    }
    feed->holding = true;
    feed->held_ns = feed->claim_ns;
    feed->claim_ns = 0;
    feed->ring = feed->held.pixels ? FR_LAYER_RING_MEMORY : FR_LAYER_RING_IMAGES;
    return true;
}

static bool stage_waits(struct fr_layer_feed *feed)
{
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++) {
        const uint32_t state = state_of(stage(feed->current, i));
        if (state == FR_LAYER_SINK_TAKEN || state == FR_LAYER_SINK_FILLED)
            return true;
    }
    return false;
}

void fr_layer_frames_claim(struct fr_layer_feed *feed)
{
    const uint64_t now = fr_layer_now_ns();
    if (!feed->generation || feed->ring != FR_LAYER_RING_IMAGES || feed->holding || feed->over ||
        now - feed->frame_ns >= hold_ns || now - feed->claim_ns < again_ns || stage_waits(feed))
        return;
    if (begin(feed) && feed->held_sink)
        open_sink(feed->held_sink);
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
        if (!fr_layer_sink_make_stage(stage(feed->current, i), feed->current, feed->pool,
                                      feed->ring == FR_LAYER_RING_MEMORY))
            return false;
    return true;
}

/* A first claim says of what kind the slots are. */
static void take_up(struct fr_layer_feed *feed, uint32_t generation)
{
    fr_layer_swapchain *swapchain = feed->current;
    if (fr_layer_now_ns() - feed->claim_ns < again_ns || !begin(feed))
        return;
    if (!make_stages(feed)) {
        fr_layer_frames_drop(feed);
        feed->over = true;
        return;
    }
    feed->generation = generation;
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++)
        open_sink(stage(swapchain, i));
    if (feed->held_sink)
        open_sink(feed->held_sink);
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
    const bool good = sink->submitted && (sink->ready || finish_copy(feed, sink));
    if (good && fr_source_publish(feed->source, &info) == FR_OK)
        feed->published = feed->shown = sink->sequence;
    else if (!good)
        fr_source_cancel(feed->source);
    feed->frame_ns = sink->present_ns;
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OFF, memory_order_relaxed);
    feed->holding = false;
    feed->held_sink = NULL;
}

static bool publish_from_memory(struct fr_layer_feed *feed, const fr_layer_sink *sink,
                                const fr_publish_info *info)
{
    const fr_layer_device *device = feed->device;
    if (!feed->holding && !begin(feed))
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

/* The newest frame in a stage, HELD; the others are older than one that is shown, or will be, and given back.
 */
static fr_layer_sink *newest_stage(struct fr_layer_feed *feed)
{
    fr_layer_sink *newest = NULL;
    for (uint32_t i = 0; i < FR_LAYER_STAGES; i++) {
        fr_layer_sink *sink = stage(feed->current, i);
        if (!fr_layer_sink_move(sink, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_HELD))
            continue;
        fr_layer_sink *old = sink;
        if (sink->submitted && sink->sequence > feed->published &&
            (!newest || sink->sequence > newest->sequence)) {
            old = newest;
            newest = sink;
        }
        if (old && finish_copy(feed, old)) {
            fr_layer_sink_reset(old, feed->device);
            open_sink(old);
        }
    }
    return newest;
}

/* For another turn, or a newer frame. */
static void give_back(fr_layer_sink *stage)
{
    atomic_store_explicit(&stage->state, FR_LAYER_SINK_FILLED, memory_order_release);
}

static void publish_stage(struct fr_layer_feed *feed, fr_layer_sink *sink)
{
    const fr_publish_info info = info_of(feed, sink);
    if (!finish_copy(feed, sink))
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
    if (done)
        feed->shown = sink->sequence;
    feed->frame_ns = sink->present_ns;
    fr_layer_sink_reset(sink, feed->device);
    open_sink(sink);
}

void fr_layer_frames_collect(struct fr_layer_feed *feed)
{
    if (!feed->generation || feed->over)
        return;
    if (feed->held_sink && state_of(feed->held_sink) == FR_LAYER_SINK_FILLED)
        publish_slot(feed);
    fr_layer_sink *sink = newest_stage(feed);
    if (!sink)
        return;
    /* A claim that a present takes at this moment is newer than the stage: then it is that one's turn. */
    if (feed->held_sink && !release_claim(feed)) {
        give_back(sink);
        return;
    }
    publish_stage(feed, sink);
}

uint64_t fr_layer_frames_wait_ns(const struct fr_layer_feed *feed, uint64_t now_ns)
{
    const uint64_t over_ns = feed->held_ns + hold_ns;
    if (!feed->source || !feed->current || feed->over)
        return UINT64_MAX;
    if (feed->holding)
        return over_ns > now_ns ? over_ns - now_ns : 0;
    /* A stage that found no room, a ring that is not known yet, or a claim that failed. */
    return feed->attached && (feed->tries || feed->claim_ns) ? again_ns : UINT64_MAX;
}
