/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The source as src/publish drives the ring: attach, republish, begin, draw, publish or cancel, and again
 * when stale. */
#include "world.h"

#include "os/atomic.h"

struct sim_world sim_world;

struct source {
    struct fr_ring_source ring;
    uint32_t (*pixels)[SIM_PIXELS];
    /* what it was attached to before, for a republish */
    uint32_t (*old_pixels)[SIM_PIXELS];
    int old_slot;
    bool detached, has_published;
};

void sim_signal_host(void)
{
    if (!sim_world.scenario->bare_event)
        (void)sim_memory_drain(SIM_SOURCE);
    sim_world.event = true;
}

void sim_check_sleep(void)
{
    if (!sim_world.asleep || sim_world.event || sim_world.publishing)
        return;
    if (sim_world.scenario->bare_event || sim_world.scenario->late_mask)
        return; /* an event may come before its token; late pixels leave a frame that was looked at */
    /* However long stores are on their way: they arrive, and the host sleeps on. */
    (void)sim_memory_drain(SIM_SOURCE);
    (void)sim_memory_drain(SIM_HOST);
    const struct fr_ring_host *ring = &sim_world.ring;
    const fr_token token = fr_token_unpack(ring->shared->v1.latest);
    if (ring->shared->v1.latest && token.generation == ring->generation &&
        fr_sequence_newer(token.sequence, ring->last_sequence))
        sim_fail("the host sleeps, and frame %u is there that nobody wakes it for", token.sequence);
}

fr_rect sim_damage(uint32_t picture)
{
    return (fr_rect){.x = 2 * picture, .y = picture % 2 * 16, .width = 1, .height = 1};
}

uint32_t sim_frame_index(uint32_t sequence)
{
    const uint32_t index = sequence - sim_world.scenario->sequence_base - 1;
    if (index >= SIM_FRAMES_MAX)
        sim_fail("sequence %u was never published", sequence);
    return index;
}

static struct sim_shadow *shadow_of(const struct source *source)
{
    return &sim_world.shadow[source->ring.generation - 1];
}

/* The tag in a state word tells frames apart; a frame that was taken or freed is not PUBLISHED any more. */
static bool still_published(const struct source *source, uint32_t slot)
{
    const struct sim_shadow *shadow = shadow_of(source);
    return shadow->slot_offset[slot] && source->ring.shared->slot[slot].state ==
                                            fr_slot_word(shadow->slot_sequence[slot], FR_WIRE_SLOT_PUBLISHED);
}

static void check_overwrite(const struct source *source, uint32_t slot)
{
    const struct sim_shadow *shadow = shadow_of(source);
    if (sim_world.scenario->late_mask)
        return; /* an older frame may come back from the host after the look for the oldest */
    for (uint32_t i = 0; i < source->ring.ring_len; i++)
        if (i != slot && still_published(source, i) && shadow->slot_offset[i] < shadow->slot_offset[slot])
            sim_fail("frame %u was overwritten though frame %u is older", shadow->slot_sequence[slot],
                     shadow->slot_sequence[i]);
}

/* -1: the ring has no slot, which an honest host never brings about. */
static int begin(struct source *source)
{
    const int newest = source->ring.newest_slot;
    const uint64_t dropped = source->ring.line.dropped;
    const int slot = fr_ring_source_begin(&source->ring);
    if (slot < 0) {
        if (!sim_world.scenario->in_place)
            sim_fail("the source found no slot");
        sim_world.starved++;
        return -1;
    }
    if ((uint32_t)slot >= source->ring.ring_len)
        sim_fail("slot %d is not in the ring", slot);
    if (slot == newest)
        sim_fail("the newest picture is overwritten");
    if (source->ring.line.dropped != dropped)
        check_overwrite(source, (uint32_t)slot);
    return slot;
}

static void draw(struct source *source, uint32_t slot, uint32_t picture)
{
    for (uint32_t i = 0; i < SIM_PIXELS; i++)
        fr_store_relaxed_u32(&source->pixels[slot][i], picture);
}

/* False: the host took the ring away meanwhile. */
static bool publish(struct source *source, uint32_t slot, uint32_t picture, bool republished)
{
    struct sim_shadow *shadow = shadow_of(source);
    const uint32_t sequence = source->ring.sequence + 1;
    const uint32_t index = sim_frame_index(sequence);
    shadow->picture[index] = picture;
    shadow->slot_sequence[slot] = sequence;
    shadow->slot_offset[slot] = index + 1;
    const struct fr_parts damage = {.count = 1, .rect = {sim_damage(picture)}};
    const struct fr_ring_publish info = {
        .present_ns = picture,
        .publish_delay_us = picture,
        .damage = republished ? NULL : &damage,
    };
    sim_world.publishing = true;
    if (!fr_ring_source_publish(&source->ring, &info)) {
        sim_world.publishing = false;
        if (!sim_world.scenario->in_place)
            sim_fail("the source lost a slot that it was writing");
        source->detached = true;
        return false;
    }
    sim_world.last_generation = source->ring.generation;
    sim_world.last_sequence = sequence;
    sim_world.last_picture = picture;
    sim_world.published++;
    source->has_published = true;
    if (sim_world.scenario->bare_event || fr_ring_source_must_signal(&source->ring)) {
        fr_simulator_step();
        sim_signal_host();
    }
    sim_world.publishing = false;
    sim_check_sleep();
    return true;
}

static void republish(struct source *source)
{
    if (source->old_slot < 0) {
        if (source->has_published)
            sim_fail("the last picture is not there to be published again");
        return;
    }
    const int slot = begin(source);
    if (slot < 0)
        return;
    uint32_t picture = 0;
    for (uint32_t i = 0; i < SIM_PIXELS; i++) {
        picture = fr_load_relaxed_u32(&source->old_pixels[source->old_slot][i]);
        fr_store_relaxed_u32(&source->pixels[slot][i], picture);
    }
    (void)publish(source, (uint32_t)slot, picture, true);
}

static void attach(struct source *source)
{
    fr_wire_v2 copy;
    const fr_wire_fault fault = fr_wire_snapshot(&copy, sim_world.delivery.header, FR_WIRE_WHOLE_BYTES, 7);
    if (fault != FR_WIRE_FINE)
        sim_fail("the header is refused: %s", fr_wire_fault_text(fault));
    if (source->ring.newest_slot >= 0) {
        source->old_pixels = source->pixels;
        source->old_slot = source->ring.newest_slot;
    }
    source->pixels = sim_world.delivery.pixels;
    source->detached = false;
    fr_ring_source_attach(&source->ring, sim_world.delivery.header, FR_WIRE_WHOLE_BYTES, &copy, 11, NULL);
    const uint32_t base = sim_world.scenario->sequence_base;
    source->ring.sequence = base;
    source->ring.line =
        (fr_wire_source){0}; /* in place, the totals of the generation before still stand there */
    for (uint32_t i = 0; i < source->ring.ring_len; i++)
        source->ring.slot_sequence[i] = base;
    fr_ring_source_report(&sim_world.delivery.header->v1, FR_WIRE_STATUS_OPENED, 0);
    republish(source);
}

static bool usable(const struct source *source)
{
    return source->ring.shared && !source->detached && !fr_ring_source_stale(&source->ring);
}

static void attach_if_delivered(struct source *source)
{
    sim_world.source_news = false;
    if (sim_world.delivery.generation && sim_world.delivery.generation != source->ring.generation)
        attach(source);
}

/* False: the host is gone. */
static bool ensure_attached(struct source *source)
{
    while (!usable(source)) {
        attach_if_delivered(source);
        if (usable(source))
            break;
        if (sim_world.host_over)
            return false;
        sim_wait(&sim_world.source_news);
    }
    return true;
}

/* False: the ring went away; the frame is offered again to the next. */
static bool offer(struct source *source, bool cancel)
{
    if (!ensure_attached(source))
        return sim_world.host_over;
    const int slot = begin(source);
    if (slot < 0)
        return true;
    const uint32_t picture = ++sim_world.next_picture;
    draw(source, (uint32_t)slot, picture);
    const bool stale = fr_ring_source_stale(&source->ring);
    if (stale || cancel) {
        fr_ring_source_cancel(&source->ring);
        sim_world.cancelled++;
        return !stale;
    }
    return publish(source, (uint32_t)slot, picture, false);
}

static void check_totals(const struct source *source)
{
    const fr_wire_source *line = &source->ring.line;
    if (line->published != source->ring.sequence - sim_world.scenario->sequence_base)
        sim_fail("%u frames published, yet the sequence is %u", (unsigned)line->published,
                 source->ring.sequence);
}

void sim_source_main(void)
{
    struct source source = {.ring.newest_slot = -1, .old_slot = -1};
    while (sim_world.frame < sim_world.scenario->frames) {
        const bool cancel = (sim_world.scenario->cancel_mask >> sim_world.frame & 1u) != 0;
        if (offer(&source, cancel))
            sim_world.frame++;
    }
    while (!sim_world.host_over && ensure_attached(&source)) {
        sim_world.source_idle = true;
        sim_signal_host();
        sim_wait(&sim_world.source_news);
        sim_world.source_news = false;
    }
    check_totals(&source);
}
