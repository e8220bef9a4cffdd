/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Slots that are claimed before a present needs one. */
#include "feed_inside.h"

/* A claim without a present is given back after this, for the library may not be called between; a program
 * that presents less often goes through the stages. */
static const uint64_t hold_ns = 400 * FR_LAYER_NS_PER_MS;

/* After a claim, or a stage, for which the ring had no room. */
static const uint64_t again_ns = 10 * FR_LAYER_NS_PER_MS;

/* Until a stage is looked at again whose copy was not done. */
static const uint64_t ripe_ns = FR_LAYER_NS_PER_MS;

/* The sink of this slot's image. NULL: out of memory, or not at once. */
static fr_layer_sink *sink_of(struct fr_layer_feed *feed, const fr_vulkan_slot *slot,
                              fr_layer_patience patience)
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
    if (patience != FR_LAYER_PATIENT || !unused ||
        !fr_layer_sink_make_slot(unused, swapchain, feed->pool, slot))
        return NULL;
    return unused;
}

/* The copy into it before is done. */
static bool is_done(struct fr_layer_feed *feed, fr_layer_sink *sink, fr_layer_patience patience)
{
    return patience == FR_LAYER_PATIENT ? fr_layer_frames_finish(feed, sink)
                                        : fr_layer_sink_wait(sink, feed->device, 0) == VK_SUCCESS;
}

/* After a begin: the slot waits for a present. False: it is given back. */
static bool hold_image(struct fr_layer_feed *feed, const fr_vulkan_slot *slot, fr_layer_patience patience)
{
    fr_layer_sink *sink = sink_of(feed, slot, patience);
    if (!sink || !is_done(feed, sink, patience)) {
        fr_source_cancel(feed->source);
        return false;
    }
    fr_layer_sink_reset(sink, feed->current);
    sink->ready = (VkSemaphore)(uintptr_t)slot->ready;
    sink->ready_value = slot->ready_value;
    feed->held_sink = sink;
    return true;
}

bool fr_layer_claims_begin(struct fr_layer_feed *feed, fr_layer_patience patience)
{
    const uint64_t now = fr_layer_now_ns();
    feed->claim_ns = patience == FR_LAYER_PATIENT ? now : 0;
    if (fr_source_begin_ahead(feed->source, &feed->held) != FR_OK)
        return false;
    feed->held_sink = NULL;
    if (!feed->held.pixels) {
        fr_vulkan_slot slot;
        if (fr_source_vulkan_slot(feed->source, &feed->held, &slot) != FR_OK) {
            fr_source_cancel(feed->source);
            return false;
        }
        if (!hold_image(feed, &slot, patience))
            return false;
    }
    feed->holding = true;
    feed->held_ns = now;
    feed->claim_ns = 0;
    feed->ring = feed->held.pixels ? FR_LAYER_RING_MEMORY : FR_LAYER_RING_IMAGES;
    return true;
}

/* One whose copy is done is published first, or is older than what was published. */
static bool stage_waits(struct fr_layer_feed *feed)
{
    for (uint32_t i = 0; i < FR_LAYER_STAGES && !feed->unripe; i++) {
        fr_layer_sink *stage = fr_layer_stage(feed->current, i);
        if (fr_layer_sink_move(stage, FR_LAYER_SINK_FILLED, FR_LAYER_SINK_HELD)) {
            const bool newer = stage->sequence > feed->published;
            atomic_store_explicit(&stage->state, FR_LAYER_SINK_FILLED, memory_order_release);
            if (newer)
                return true;
        }
    }
    return false;
}

bool fr_layer_claims_may(const struct fr_layer_feed *feed, uint64_t now_ns)
{
    return !feed->holding && !feed->over && now_ns - feed->claim_ns >= again_ns;
}

void fr_layer_claims_make(struct fr_layer_feed *feed, fr_layer_patience patience)
{
    const uint64_t now = fr_layer_now_ns();
    if (!feed->generation || feed->ring != FR_LAYER_RING_IMAGES || now - feed->frame_ns >= hold_ns ||
        !fr_layer_claims_may(feed, now) || stage_waits(feed))
        return;
    if (fr_layer_claims_begin(feed, patience) && feed->held_sink)
        fr_layer_sink_open(feed->held_sink);
}

bool fr_layer_claims_release(struct fr_layer_feed *feed)
{
    if (feed->held_sink && !fr_layer_sink_move(feed->held_sink, FR_LAYER_SINK_OPEN, FR_LAYER_SINK_OFF))
        return false;
    fr_source_cancel(feed->source);
    feed->holding = false;
    feed->held_sink = NULL;
    return true;
}

bool fr_layer_claims_expire(struct fr_layer_feed *feed, uint64_t now_ns, bool due)
{
    if (!feed->holding)
        return true;
    return (feed->news || due || now_ns - feed->held_ns >= hold_ns) && fr_layer_claims_release(feed);
}

uint64_t fr_layer_claims_wait_ns(const struct fr_layer_feed *feed, uint64_t now_ns)
{
    const uint64_t over_ns = feed->held_ns + hold_ns;
    if (!feed->source || !feed->current || feed->over)
        return UINT64_MAX;
    if (feed->unripe)
        return ripe_ns;
    if (feed->holding)
        return over_ns > now_ns ? over_ns - now_ns : 0;
    /* A stage that found no room, a ring that is not known yet, or a claim that failed. */
    return feed->attached && (feed->tries || feed->claim_ns) ? again_ns : UINT64_MAX;
}
