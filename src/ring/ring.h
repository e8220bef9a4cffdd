/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_RING_RING_H
#define FR_RING_RING_H

/*
 * The ring protocol over plain shared words: who may write which slot, which frame is the newest, what it is
 * called. Knows no pixels, no system and no clock. docs/architecture.md has the state table.
 *
 *   FREE      -> WRITING    source   fr_ring_source_begin
 *   PUBLISHED -> WRITING    source   fr_ring_source_begin: no FREE slot; the oldest untaken frame is lost
 *   WRITING   -> PUBLISHED  source   fr_ring_source_publish
 *   WRITING   -> FREE       source   fr_ring_source_cancel
 *   PUBLISHED -> READING    host     fr_ring_host_claim: the newest
 *   PUBLISHED -> FREE       host     fr_ring_host_taken: older than the one taken
 *   READING   -> FREE       host     fr_ring_host_release
 *
 * A slot's state word carries the tag of the frame it speaks of, so that each move means one frame: a slot
 * that was lapped between a look and the move fails the compare-and-swap. Every loop is bounded by ring_len +
 * 1 tries.
 */

#include <framering/wire.h>

/* The fewest slots that keep the newest frame: one being read, one published, one being written. */
#define FR_RING_LEN_MIN 3u

struct fr_ring_shape {
    uint32_t ring_len; /* FR_RING_LEN_MIN..FR_WIRE_SLOTS_MAX */
    uint32_t width, height;
    fr_format format;
};

/* ---- host ---- */

struct fr_ring_host {
    fr_wire_v2 *shared;
    uint32_t ring_len, generation;
    uint32_t last_sequence; /* of the last frame taken; 0 = none yet */
    uint64_t taken, repeated;
};

/* What the source said of one frame: a copy, made under the claim. */
struct fr_ring_record {
    fr_token token;
    uint32_t flags, clock_id, publish_delay_us;
    uint64_t present_ns;
    fr_rect damage;
};

/* The totals of the source line: a copy. */
struct fr_ring_totals {
    uint64_t heartbeat_ns, offered, published, dropped, mismatched;
};

/* Writes the header of a new generation into `shared` (FR_WIRE_V2_BYTES of zeroed memory); the magic goes
 * last. */
void fr_ring_host_create(struct fr_ring_host *ring, fr_wire_v2 *shared, const struct fr_ring_shape *shape,
                         uint32_t generation, uint32_t target_id, uint32_t sync_kind, uint32_t pid);

/* Tells a source that may still hold the ring that a new generation is coming (or, at 0, that the host
 * ends). */
void fr_ring_host_retire(struct fr_ring_host *ring, uint32_t next_generation);

/* The newest published frame that is ours and newer than the last one taken. False: there is none. */
bool fr_ring_host_newest(const struct fr_ring_host *ring, fr_token *out);

/* PUBLISHED -> READING for exactly this frame. False: the source has lapped it; look for the newest again. */
bool fr_ring_host_claim(struct fr_ring_host *ring, fr_token token);

/* Under the claim: what this frame is. False: the record does not speak of the frame that was claimed (a
 * broken peer); release the slot and do not use it. */
bool fr_ring_host_record(const struct fr_ring_host *ring, fr_token claimed, struct fr_ring_record *out);

/* READING -> FREE. */
void fr_ring_host_release(struct fr_ring_host *ring, fr_token token);

/* The frame will be shown: from now on only newer ones count, and older ones are freed. Returns how many
 * sequence numbers were passed over. */
uint32_t fr_ring_host_taken(struct fr_ring_host *ring, fr_token token);

/* Writes the host line's totals and heartbeat. */
void fr_ring_host_beat(struct fr_ring_host *ring, uint64_t now_ns);

void fr_ring_host_totals(const struct fr_ring_host *ring, struct fr_ring_totals *out);

/* The source's word on its attach: FR_WIRE_STATUS_*, with the detail. */
uint32_t fr_ring_host_source_status(const struct fr_ring_host *ring, uint32_t *detail);

/* Copies the metadata line if it is whole and differs from change number *seen, which is updated. False:
 * nothing new. */
bool fr_ring_host_metadata(const struct fr_ring_host *ring, uint32_t *seen, fr_wire_metadata *out);

/* ---- source ---- */

struct fr_ring_source {
    fr_wire_v2 *shared;
    uint32_t ring_len, generation;
    uint32_t sequence;                         /* of the last frame published; 0 = none yet */
    uint32_t slot_sequence[FR_WIRE_SLOTS_MAX]; /* what this side last published there; 0 = nothing */
    int newest_slot;                           /* where the last published frame lies; -1 = none */
    int writing;                               /* the slot that is held; -1 = none */
    fr_wire_source line;                       /* our line's totals, copied to the shared one */
};

/* Takes the ring on whose header passed fr_wire_snapshot as `header`. */
void fr_ring_source_attach(struct fr_ring_source *ring, fr_wire_v2 *shared, const fr_wire_v2 *header,
                           uint32_t pid);

/* Says how the attach went (FR_WIRE_STATUS_*), which the host waits for. */
void fr_ring_source_report(fr_wire_v2 *shared, uint32_t status, uint32_t detail);

/* True when the host has made another generation: nothing more may be published here. */
bool fr_ring_source_stale(const struct fr_ring_source *ring);

/* Claims a slot; its index, or -1: none could be had, the frame counts as dropped. Counts it as offered. */
int fr_ring_source_begin(struct fr_ring_source *ring);

struct fr_ring_publish {
    uint64_t present_ns;
    uint32_t publish_delay_us;
    uint32_t flags; /* FR_WIRE_FRAME_* */
    fr_rect damage;
};

/* WRITING -> PUBLISHED, then the token. False: the state was not ours any more (a broken peer). */
bool fr_ring_source_publish(struct fr_ring_source *ring, const struct fr_ring_publish *info);

/* WRITING -> FREE. */
void fr_ring_source_cancel(struct fr_ring_source *ring);

/* How many published frames the host has neither taken nor passed over. */
uint32_t fr_ring_source_untaken(const struct fr_ring_source *ring);

/* A frame that was offered but does not fit the ring. */
void fr_ring_source_mismatch(struct fr_ring_source *ring);

void fr_ring_source_beat(struct fr_ring_source *ring, uint64_t now_ns);

void fr_ring_source_set_metadata(struct fr_ring_source *ring, const fr_wire_metadata *metadata);

/* ---- shared by both sides ---- */

static inline uint32_t fr_slot_word(uint32_t sequence, uint32_t state)
{
    return sequence << 8 | state;
}

#endif
