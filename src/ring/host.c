/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "ring/ring.h"

#include "os/atomic.h"

#include <assert.h>
#include <string.h>

void fr_ring_host_create(struct fr_ring_host *ring, fr_wire_v2 *shared, size_t bytes,
                         const struct fr_ring_shape *shape, uint32_t generation, uint32_t target_id,
                         uint32_t sync_kind, uint32_t pid)
{
    assert(shape->ring_len >= FR_RING_LEN_MIN && shape->ring_len <= FR_WIRE_SLOTS_MAX);
    assert(generation >= 1 && generation <= FR_GENERATION_MAX);
    *ring = (struct fr_ring_host){
        .shared = shared,
        .lines = fr_damage_lines(shared, bytes),
        .wire_version = 2,
        .ring_len = shape->ring_len,
        .generation = generation,
        .width = shape->width,
        .height = shape->height,
    };

    fr_wire_v1 *v1 = &shared->v1;
    fr_store_relaxed_u32(&v1->version, 2);
    fr_store_relaxed_u32(&v1->generation, generation);
    fr_store_relaxed_u32(&v1->ring_len, shape->ring_len);
    fr_store_relaxed_u32(&v1->width, shape->width);
    fr_store_relaxed_u32(&v1->height, shape->height);
    fr_store_relaxed_u32(&v1->format, (uint32_t)shape->format);
    fr_store_relaxed_u32(&v1->target_id, target_id);
    fr_store_relaxed_u32(&shared->host.state, FR_WIRE_HOST_ACTIVE);
    fr_store_relaxed_u32(&shared->host.sync_kind, sync_kind);
    fr_store_relaxed_u64(&shared->host.capabilities, ring->lines ? FR_WIRE_CAP_DAMAGE_LINES : 0);
    fr_store_relaxed_u32(&shared->host.pid, pid);
    fr_store_relaxed_u32(&shared->debug.magic, FR_WIRE_DEBUG_MAGIC);
    /* Pairs with the acquire of the magic in fr_wire_snapshot. */
    fr_store_release_u32(&v1->magic, FR_WIRE_MAGIC);
}

void fr_ring_host_create_v1(struct fr_ring_host *ring, fr_wire_v1 *shared, const struct fr_ring_shape *shape,
                            uint32_t generation, uint32_t target_id)
{
    assert(shape->ring_len >= FR_RING_LEN_MIN && shape->ring_len <= FR_WIRE_SLOTS_MAX);
    assert(generation >= 1 && generation <= FR_GENERATION_MAX);
    *ring = (struct fr_ring_host){.shared = (fr_wire_v2 *)(void *)shared,
                                  .wire_version = 1,
                                  .ring_len = shape->ring_len,
                                  .generation = generation};
    fr_store_relaxed_u64(&shared->latest, 0);
    fr_store_relaxed_u32(&shared->version, 1);
    fr_store_relaxed_u32(&shared->ring_len, shape->ring_len);
    fr_store_relaxed_u32(&shared->width, shape->width);
    fr_store_relaxed_u32(&shared->height, shape->height);
    fr_store_relaxed_u32(&shared->format, (uint32_t)shape->format);
    fr_store_relaxed_u32(&shared->target_id, target_id);
    fr_store_relaxed_u32(&shared->status, FR_WIRE_STATUS_NONE);
    fr_store_relaxed_u32(&shared->status_detail, 0);
    fr_fence_release();
    /* Pairs with the acquire in fr_ring_source_stale; the first time, the magic with that in
     * fr_wire_snapshot. */
    fr_store_release_u32(&shared->generation, generation);
    fr_store_release_u32(&shared->magic, FR_WIRE_MAGIC);
}

void fr_ring_host_retire(struct fr_ring_host *ring, uint32_t next_generation)
{
    fr_wire_v2 *shared = ring->shared;
    if (ring->wire_version == 1 && next_generation)
        return;
    if (ring->wire_version > 1)
        fr_store_relaxed_u32(&shared->host.state,
                             next_generation ? FR_WIRE_HOST_REBUILDING : FR_WIRE_HOST_DEAD);
    fr_store_relaxed_u64(&shared->v1.latest, 0);
    /* Pairs with the acquire in fr_ring_source_stale. The token's own generation rejects a publish that races
     * this. */
    fr_store_release_u32(&shared->v1.generation, next_generation);
}

bool fr_ring_host_newest(struct fr_ring_host *ring, fr_token *out)
{
    /* Pairs with the release of `latest` in fr_ring_source_publish. */
    const uint64_t word = fr_load_acquire_u64(&ring->shared->v1.latest);
    ring->seen = word;
    if (word == 0)
        return false;
    const fr_token token = fr_token_unpack(word);
    if (token.generation != ring->generation || token.slot >= ring->ring_len)
        return false;
    if (!fr_sequence_newer(token.sequence, ring->last_sequence))
        return false;
    *out = token;
    return true;
}

bool fr_ring_host_moved(struct fr_ring_host *ring)
{
    const uint64_t word = fr_load_relaxed_u64(&ring->shared->v1.latest);
    if (word == ring->seen)
        return false;
    ring->seen = word;
    return true;
}

void fr_ring_host_awake(struct fr_ring_host *ring)
{
    if (ring->wire_version > 1)
        fr_store_relaxed_u32(&ring->shared->host.looking, 1);
}

bool fr_ring_host_may_sleep(struct fr_ring_host *ring)
{
    if (ring->wire_version == 1)
        return true; /* its sources signal after every publish */
    fr_store_relaxed_u32(&ring->shared->host.looking, 0);
    /* Pairs with that in fr_ring_source_must_signal: of the two stores before and the two loads after, one
     * side at least sees the other's. */
    fr_fence_full();
    if (!fr_ring_host_moved(ring))
        return true;
    fr_ring_host_awake(ring);
    return false;
}

static bool move(struct fr_ring_host *ring, fr_token token, uint32_t from, uint32_t to)
{
    if (ring->wire_version == 1)
        return true;
    return fr_compare_swap_u32(&ring->shared->slot[token.slot].state, fr_slot_word(token.sequence, from),
                               fr_slot_word(token.sequence, to));
}

bool fr_ring_host_claim(struct fr_ring_host *ring, fr_token token)
{
    return move(ring, token, FR_WIRE_SLOT_PUBLISHED, FR_WIRE_SLOT_READING);
}

/* The mutex is ours, but between the look at `latest` and its acquisition the source may have come round. */
static bool record_v1(const struct fr_ring_host *ring, fr_token claimed, struct fr_ring_record *out)
{
    const fr_token newest = fr_token_unpack(fr_load_acquire_u64(&ring->shared->v1.latest));
    if (newest.generation != ring->generation || newest.sequence - claimed.sequence >= ring->ring_len - 1)
        return false;
    *out = (struct fr_ring_record){.token = claimed, .clock_id = FR_WIRE_CLOCK_ABSENT};
    return true;
}

/* False: one of them is not in the picture, or empty. */
static bool read_line(const fr_wire_damage *line, uint32_t count, uint32_t width, uint32_t height,
                      struct fr_parts *out)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t word = fr_load_relaxed_u64(&line->rect[i]);
        const fr_rect rect = {word & 0xffff, word >> 16 & 0xffff, word >> 32 & 0xffff,
                              (uint32_t)(word >> 48)};
        if (!rect.width || !rect.height || !fr_rect_fits(&rect, width, height))
            return false;
        fr_parts_add(out, rect);
    }
    return true;
}

/* False: what the record says does not reach back to the last frame taken, or makes no sense. */
static bool read_damage(const struct fr_ring_host *ring, fr_token claimed, struct fr_parts *out)
{
    const fr_wire_slot *slot = &ring->shared->slot[claimed.slot];
    const uint32_t flags = fr_load_relaxed_u32(&slot->flags);
    const uint32_t count = flags >> FR_WIRE_FRAME_RECTS_SHIFT & 0xff;
    const uint32_t passed = claimed.sequence - ring->last_sequence - 1;
    *out = (struct fr_parts){0};
    if (!(flags & FR_WIRE_FRAME_DAMAGE) || passed > flags >> FR_WIRE_FRAME_REACH_SHIFT)
        return false;
    if (count)
        return ring->lines && count <= FR_WIRE_RECTS_MAX &&
               read_line(&ring->lines[claimed.slot], count, ring->width, ring->height, out);
    const fr_rect rect = {
        .x = fr_load_relaxed_u32(&slot->damage[0]),
        .y = fr_load_relaxed_u32(&slot->damage[1]),
        .width = fr_load_relaxed_u32(&slot->damage[2]),
        .height = fr_load_relaxed_u32(&slot->damage[3]),
    };
    if (!fr_rect_fits(&rect, ring->width, ring->height))
        return false;
    fr_parts_add(out, rect);
    return true;
}

bool fr_ring_host_record(const struct fr_ring_host *ring, fr_token claimed, struct fr_ring_record *out)
{
    if (ring->wire_version == 1)
        return record_v1(ring, claimed, out);
    const fr_wire_slot *slot = &ring->shared->slot[claimed.slot];
    const uint64_t word = fr_load_relaxed_u64(&slot->token);
    if (word != fr_token_pack(claimed))
        return false;
    *out = (struct fr_ring_record){
        .token = claimed,
        .clock_id = fr_load_relaxed_u32(&slot->clock_id),
        .publish_delay_us = fr_load_relaxed_u32(&slot->publish_delay_us),
        .present_ns = fr_load_relaxed_u64(&slot->present_ns),
    };
    out->has_damage = read_damage(ring, claimed, &out->damage);
    return true;
}

void fr_ring_host_release(struct fr_ring_host *ring, fr_token token)
{
    /* A failure means that the peer broke the table; the slot is its loss. */
    (void)move(ring, token, FR_WIRE_SLOT_READING, FR_WIRE_SLOT_FREE);
}

void fr_ring_host_unclaim(struct fr_ring_host *ring, fr_token token)
{
    (void)move(ring, token, FR_WIRE_SLOT_READING, FR_WIRE_SLOT_PUBLISHED);
}

uint64_t fr_ring_host_ready_value(const struct fr_ring_host *ring, fr_token token)
{
    return fr_load_relaxed_u64(&ring->shared->slot[token.slot].ready_value);
}

void fr_ring_host_retire_value(struct fr_ring_host *ring, fr_token token, uint64_t value)
{
    /* The release of the state hands it over. */
    fr_store_relaxed_u64(&ring->shared->slot[token.slot].retire_value, value);
}

/* Serial comparison of 24-bit tags. */
static bool tag_older(uint32_t word, uint32_t sequence)
{
    const uint32_t distance = (sequence << 8) - (word & 0xffffff00u);
    return distance != 0 && distance < 0x80000000u;
}

uint32_t fr_ring_host_taken(struct fr_ring_host *ring, fr_token token)
{
    const uint32_t passed = token.sequence - ring->last_sequence - 1;
    ring->last_sequence = token.sequence;
    ring->taken++;
    if (ring->wire_version == 1)
        return passed;
    for (uint32_t i = 0; i < ring->ring_len; i++) {
        uint32_t *state = &ring->shared->slot[i].state;
        const uint32_t word = fr_load_relaxed_u32(state);
        if ((word & 0xffu) == FR_WIRE_SLOT_PUBLISHED && tag_older(word, token.sequence))
            /* The tag in `word` makes this fail if the source has put a newer frame there since. */
            (void)fr_compare_swap_u32(state, word, (word & 0xffffff00u) | FR_WIRE_SLOT_FREE);
    }
    return passed;
}

void fr_ring_host_beat(struct fr_ring_host *ring, uint64_t now_ns)
{
    if (ring->wire_version == 1)
        return;
    fr_wire_host *line = &ring->shared->host;
    fr_store_relaxed_u64(&line->taken, ring->taken);
    fr_store_relaxed_u64(&line->repeated, ring->repeated);
    fr_store_relaxed_u64(&line->heartbeat_ns, now_ns);
}

void fr_ring_host_totals(const struct fr_ring_host *ring, struct fr_ring_totals *out)
{
    if (ring->wire_version == 1) {
        const fr_token newest = fr_token_unpack(fr_load_relaxed_u64(&ring->shared->v1.latest));
        const uint32_t published = newest.generation == ring->generation ? newest.sequence : 0;
        *out = (struct fr_ring_totals){.offered = published, .published = published};
        return;
    }
    const fr_wire_source *line = &ring->shared->source;
    *out = (struct fr_ring_totals){
        .heartbeat_ns = fr_load_relaxed_u64(&line->heartbeat_ns),
        .offered = fr_load_relaxed_u64(&line->offered),
        .published = fr_load_relaxed_u64(&line->published),
        .dropped = fr_load_relaxed_u64(&line->dropped),
        .mismatched = fr_load_relaxed_u64(&line->mismatched),
    };
}

uint32_t fr_ring_host_source_status(const struct fr_ring_host *ring, uint32_t *detail)
{
    /* Pairs with the release in fr_ring_source_report. */
    const uint32_t status = fr_load_acquire_u32(&ring->shared->v1.status);
    *detail = fr_load_relaxed_u32(&ring->shared->v1.status_detail);
    return status;
}

bool fr_ring_host_source_adapter(const struct fr_ring_host *ring, uint32_t *luid_low, int32_t *luid_high)
{
    *luid_low = fr_load_relaxed_u32(&ring->shared->v1.adapter_luid_low);
    *luid_high =
        (int32_t)fr_load_relaxed_u32((const uint32_t *)(const void *)&ring->shared->v1.adapter_luid_high);
    return *luid_low || *luid_high;
}

bool fr_ring_host_metadata(const struct fr_ring_host *ring, uint32_t *seen, fr_wire_metadata *out)
{
    if (ring->wire_version == 1)
        return false;
    const fr_wire_metadata *line = &ring->shared->metadata;
    /* Pairs with the releases in fr_ring_source_set_metadata. */
    const uint32_t before = fr_load_acquire_u32(&line->change);
    if (before == *seen || (before & 1u))
        return false;
    uint64_t words[sizeof(*line) / 8];
    const uint64_t *from = (const uint64_t *)(const void *)line;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        words[i] = fr_load_relaxed_u64(&from[i]);
    fr_fence_acquire();
    if (fr_load_relaxed_u32(&line->change) != before)
        return false;
    memcpy(out, words, sizeof(*out));
    *seen = before;
    return true;
}
