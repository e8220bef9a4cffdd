/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "ring/ring.h"

#include "os/atomic.h"

#include <assert.h>
#include <string.h>

static_assert((int)FR_PARTS_MAX == (int)FR_WIRE_RECTS_MAX, "a line has room for a list");

/* What a record's flags can say. */
enum { REACH_MAX = 0xffff };

/* What the source before us left in the slots: its numbers count on, and no slot stays claimed for it. */
static void resume_slots(struct fr_ring_source *ring, const fr_wire_v2 *header)
{
    for (uint32_t i = 0; i < ring->ring_len; i++) {
        const fr_token token = fr_token_unpack(header->slot[i].token);
        if (token.generation == ring->generation && token.slot == i) {
            ring->slot_sequence[i] = token.sequence;
            if (fr_sequence_newer(token.sequence, ring->sequence)) /* it died before it stored `latest` */
                ring->sequence = token.sequence;
        }
        const uint32_t word = header->slot[i].state;
        if ((word & 0xffu) == FR_WIRE_SLOT_WRITING)
            (void)fr_compare_swap_u32(&ring->shared->slot[i].state, word,
                                      (word & ~0xffu) | FR_WIRE_SLOT_FREE);
    }
}

static void resume(struct fr_ring_source *ring, const fr_wire_v2 *header)
{
    const fr_token newest = fr_token_unpack(header->v1.latest);
    if (header->v1.latest && newest.generation == ring->generation && newest.slot < ring->ring_len) {
        ring->sequence = newest.sequence;
        ring->slot_sequence[newest.slot] = newest.sequence;
        ring->newest_slot = (int)newest.slot;
    }
    if (ring->wire_version == 1)
        return;
    resume_slots(ring, header);
    ring->line.offered = header->source.offered;
    ring->line.published = header->source.published;
    ring->line.dropped = header->source.dropped;
    ring->line.mismatched = header->source.mismatched;
}

void fr_ring_source_attach(struct fr_ring_source *ring, fr_wire_v2 *shared, size_t bytes,
                           const fr_wire_v2 *header, uint32_t pid, fr_wire_debug *debug)
{
    const uint32_t version = header->v1.version;
    /* In version 1 they are 0. */
    const bool has_lines = header->host.capabilities & FR_WIRE_CAP_DAMAGE_LINES;
    *ring = (struct fr_ring_source){
        .shared = shared,
        .lines = has_lines ? fr_damage_lines(shared, bytes) : NULL,
        .debug = debug || version == 1 ? debug : &shared->debug,
        .wire_version = version,
        .ring_len = header->v1.ring_len,
        .generation = header->v1.generation,
        .newest_slot = -1,
        .writing = -1,
    };
    resume(ring, header);
    if (version == 1)
        return;
    fr_store_relaxed_u32(&shared->source.pid, pid);
    fr_store_relaxed_u64(&shared->source.capabilities, ring->lines ? FR_WIRE_CAP_DAMAGE_LINES : 0);
}

void fr_ring_source_report(fr_wire_v1 *shared, uint32_t status, uint32_t detail)
{
    fr_store_relaxed_u32(&shared->status_detail, detail);
    /* Pairs with the acquire in fr_ring_host_source_status. */
    fr_store_release_u32(&shared->status, status);
}

void fr_ring_source_adapter(fr_wire_v1 *shared, uint32_t luid_low, int32_t luid_high)
{
    fr_store_relaxed_u32(&shared->adapter_luid_low, luid_low);
    fr_store_relaxed_u32((uint32_t *)(void *)&shared->adapter_luid_high, (uint32_t)luid_high);
}

bool fr_ring_source_stale(const struct fr_ring_source *ring)
{
    /* Pairs with the release in fr_ring_host_retire. */
    return fr_load_acquire_u32(&ring->shared->v1.generation) != ring->generation;
}

static void show_totals(struct fr_ring_source *ring)
{
    if (ring->debug)
        fr_store_relaxed_u32(&ring->debug->frames_acquired, (uint32_t)ring->line.offered);
    if (ring->wire_version == 1)
        return;
    fr_wire_source *line = &ring->shared->source;
    fr_store_relaxed_u64(&line->offered, ring->line.offered);
    fr_store_relaxed_u64(&line->published, ring->line.published);
    fr_store_relaxed_u64(&line->dropped, ring->line.dropped);
    fr_store_relaxed_u64(&line->mismatched, ring->line.mismatched);
}

/* The slot to write next, and the state word that says so. The FREE one whose picture is the oldest; else the
 * oldest PUBLISHED one. Never the newest, FREE or not: until another is published it is what the host shows
 * next, and what a new generation is given first. Only words that this side wrote, or their FREE, count. */
static int choose(const struct fr_ring_source *ring, uint32_t *word_out)
{
    int best = -1;
    bool best_free = false;
    for (uint32_t i = 0; i < ring->ring_len; i++) {
        if ((int)i == ring->newest_slot)
            continue;
        if (ring->refused & 1u << i)
            continue;
        const uint32_t word = fr_load_acquire_u32(&ring->shared->slot[i].state);
        const bool is_free = (word & 0xffu) == FR_WIRE_SLOT_FREE;
        if (!is_free && word != fr_slot_word(ring->slot_sequence[i], FR_WIRE_SLOT_PUBLISHED))
            continue;
        const bool better =
            best < 0 || (is_free && !best_free) ||
            (is_free == best_free && fr_sequence_newer(ring->slot_sequence[best], ring->slot_sequence[i]));
        if (!better)
            continue;
        best = (int)i;
        best_free = is_free;
        *word_out = word;
    }
    return best;
}

static int give_up(struct fr_ring_source *ring)
{
    ring->writing = -1;
    ring->line.dropped += !ring->ahead;
    show_totals(ring);
    return -1;
}

/* Version 1: round the ring, never the newest. Whether the host still reads one, its mutex knows. */
static int choose_v1(struct fr_ring_source *ring)
{
    const uint32_t first = (uint32_t)(ring->newest_slot + 1);
    for (uint32_t i = 0; i < ring->ring_len; i++) {
        const uint32_t slot = (first + i) % ring->ring_len;
        if ((int)slot == ring->newest_slot || ring->refused & 1u << slot)
            continue;
        ring->writing = (int)slot;
        show_totals(ring);
        return (int)slot;
    }
    return give_up(ring);
}

uint64_t fr_ring_source_retire_value(const struct fr_ring_source *ring)
{
    assert(ring->writing >= 0);
    return ring->wire_version == 1 ? 0 : fr_load_relaxed_u64(&ring->shared->slot[ring->writing].retire_value);
}

static int claim(struct fr_ring_source *ring)
{
    for (uint32_t tries = 0; tries <= ring->ring_len; tries++) {
        uint32_t word = 0;
        const int slot = choose(ring, &word);
        if (slot < 0)
            continue; /* the host's release of one slot may become visible only after its claim of another */
        /* Acquires the host's release of the slot: its reads are over before our writes. */
        if (!fr_compare_swap_u32(&ring->shared->slot[slot].state, word,
                                 fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_WRITING)))
            continue;
        if ((word & 0xffu) == FR_WIRE_SLOT_PUBLISHED)
            ring->line.dropped++;
        ring->writing = slot;
        show_totals(ring);
        return slot;
    }
    return give_up(ring);
}

int fr_ring_source_begin_ahead(struct fr_ring_source *ring)
{
    assert(ring->writing < 0);
    ring->ahead = true;
    ring->refused = 0;
    return ring->wire_version == 1 ? choose_v1(ring) : claim(ring);
}

void fr_ring_source_has_frame(struct fr_ring_source *ring)
{
    ring->line.offered += ring->ahead;
    ring->ahead = false;
}

int fr_ring_source_begin(struct fr_ring_source *ring)
{
    assert(ring->writing < 0);
    ring->ahead = false;
    ring->line.offered++;
    ring->refused = 0;
    return ring->wire_version == 1 ? choose_v1(ring) : claim(ring);
}

/* WRITING -> FREE. */
static void give_back(struct fr_ring_source *ring)
{
    if (ring->wire_version > 1)
        (void)fr_compare_swap_u32(&ring->shared->slot[ring->writing].state,
                                  fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_WRITING),
                                  fr_slot_word(ring->sequence + 1, FR_WIRE_SLOT_FREE));
}

int fr_ring_source_begin_other(struct fr_ring_source *ring)
{
    assert(ring->writing >= 0);
    /* Else a slot that can never be had, being the free one with the oldest picture, would be tried for ever.
     */
    ring->refused |= 1u << ring->writing;
    give_back(ring);
    return ring->wire_version == 1 ? choose_v1(ring) : claim(ring);
}

/* Sums what differs since the frame that the host took last, as far as its words tell: taking the frame
 * before this one meanwhile it converts a little more than it must. It believes nothing that does not reach
 * back far enough. */
static void sum_damage(struct fr_ring_source *ring, const struct fr_parts *damage)
{
    const bool untaken = ring->has_damage && ring->reach < REACH_MAX &&
                         fr_load_relaxed_u32(&ring->shared->slot[ring->newest_slot].state) ==
                             fr_slot_word(ring->sequence, FR_WIRE_SLOT_PUBLISHED);
    ring->reach = untaken ? ring->reach + 1 : 0;
    if (!untaken)
        ring->damage.count = 0;
    ring->has_damage = damage != NULL;
    for (uint32_t i = 0; damage && i < damage->count; i++)
        fr_parts_add(&ring->damage, damage->rect[i]);
}

static void write_damage(const struct fr_ring_source *ring, uint32_t index)
{
    fr_wire_slot *slot = &ring->shared->slot[index];
    const struct fr_parts *damage = &ring->damage;
    const fr_rect all = fr_parts_bounds(damage);
    const uint32_t count = ring->lines && damage->count > 1 ? damage->count : 0;
    const uint32_t flags =
        FR_WIRE_FRAME_DAMAGE | count << FR_WIRE_FRAME_RECTS_SHIFT | ring->reach << FR_WIRE_FRAME_REACH_SHIFT;
    fr_store_relaxed_u32(&slot->flags, ring->has_damage ? flags : 0);
    fr_store_relaxed_u32(&slot->damage[0], all.x);
    fr_store_relaxed_u32(&slot->damage[1], all.y);
    fr_store_relaxed_u32(&slot->damage[2], all.width);
    fr_store_relaxed_u32(&slot->damage[3], all.height);
    for (uint32_t i = 0; i < count; i++) {
        const fr_rect *rect = &damage->rect[i];
        fr_store_relaxed_u64(&ring->lines[index].rect[i], rect->x | (uint64_t)rect->y << 16 |
                                                              (uint64_t)rect->width << 32 |
                                                              (uint64_t)rect->height << 48);
    }
}

static void write_record(fr_wire_slot *slot, uint64_t token, const struct fr_ring_publish *info)
{
    fr_store_relaxed_u64(&slot->token, token);
    fr_store_relaxed_u64(&slot->ready_value, info->ready_value);
    fr_store_relaxed_u64(&slot->present_ns, info->present_ns);
    fr_store_relaxed_u32(&slot->clock_id, FR_WIRE_CLOCK_MONOTONIC);
    fr_store_relaxed_u32(&slot->publish_delay_us, info->publish_delay_us);
}

bool fr_ring_source_publish(struct fr_ring_source *ring, const struct fr_ring_publish *info)
{
    assert(ring->writing >= 0);
    const uint32_t index = (uint32_t)ring->writing;
    const uint32_t sequence = ring->sequence + 1;
    const uint64_t token =
        fr_token_pack((fr_token){.generation = ring->generation, .sequence = sequence, .slot = index});
    ring->writing = -1;
    if (ring->wire_version > 1) {
        fr_wire_slot *slot = &ring->shared->slot[index];
        sum_damage(ring, info->damage);
        write_record(slot, token, info);
        write_damage(ring, index);
        /* Releases pixels and record to the host's claim. */
        if (!fr_compare_swap_u32(&slot->state, fr_slot_word(sequence, FR_WIRE_SLOT_WRITING),
                                 fr_slot_word(sequence, FR_WIRE_SLOT_PUBLISHED))) {
            ring->has_damage = false;
            return false;
        }
    }
    ring->sequence = sequence;
    ring->slot_sequence[index] = sequence;
    ring->newest_slot = (int)index;
    ring->line.published++;
    fr_store_relaxed_u64(&ring->shared->v1.present_time, info->present_ns);
    /* Pairs with the acquire in fr_ring_host_newest. */
    fr_store_release_u64(&ring->shared->v1.latest, token);
    return true;
}

bool fr_ring_source_must_signal(const struct fr_ring_source *ring)
{
    if (ring->wire_version == 1)
        return true;
    /* Pairs with that in fr_ring_host_may_sleep. */
    fr_fence_full();
    return fr_load_relaxed_u32(&ring->shared->host.looking) != 1;
}

void fr_ring_source_cancel(struct fr_ring_source *ring)
{
    if (ring->writing < 0)
        return;
    give_back(ring);
    (void)give_up(ring);
}

uint32_t fr_ring_source_untaken(const struct fr_ring_source *ring)
{
    uint32_t untaken = 0;
    if (ring->wire_version == 1)
        return 0;
    for (uint32_t i = 0; i < ring->ring_len; i++)
        untaken += ring->slot_sequence[i] && fr_load_relaxed_u32(&ring->shared->slot[i].state) ==
                                                 fr_slot_word(ring->slot_sequence[i], FR_WIRE_SLOT_PUBLISHED);
    return untaken;
}

void fr_ring_source_mismatch(struct fr_ring_source *ring)
{
    ring->line.offered++;
    ring->line.mismatched++;
    show_totals(ring);
}

void fr_ring_source_beat(struct fr_ring_source *ring, uint64_t now_ns)
{
    show_totals(ring);
    if (ring->wire_version > 1)
        fr_store_relaxed_u64(&ring->shared->source.heartbeat_ns, now_ns);
}

void fr_ring_source_set_metadata(struct fr_ring_source *ring, const fr_wire_metadata *metadata)
{
    if (ring->wire_version == 1)
        return;
    fr_wire_metadata *line = &ring->shared->metadata;
    const uint32_t change = fr_load_relaxed_u32(&line->change) & ~1u;
    fr_store_relaxed_u32(&line->change, change + 1);
    fr_fence_release();
    fr_wire_metadata copy = *metadata;
    copy.change = change + 1;
    uint64_t words[sizeof(copy) / 8];
    memcpy(words, &copy, sizeof(words));
    uint64_t *to = (uint64_t *)(void *)line;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        fr_store_relaxed_u64(&to[i], words[i]);
    /* Pairs with the acquire in fr_ring_host_metadata. */
    fr_store_release_u32(&line->change, change + 2);
}
