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
 *   READING   -> PUBLISHED  host     fr_ring_host_unclaim: the backend could not have the pixels in time
 *
 * A slot's state word carries the tag of the frame it speaks of, so that each move means one frame: a slot
 * that was lapped between a look and the move fails the compare-and-swap. Every loop is bounded by ring_len +
 * 1 tries.
 *
 * Version 1 has no slot records. There, the textures' keyed mutexes keep the two sides apart, the functions
 * that move states succeed without doing anything, and the frame's label is the token that was read before
 * the claim, if the source cannot have lapped the slot since.
 */

#include "common/parts.h"

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
    fr_wire_v2 *shared;    /* version 1: only its v1 is there */
    fr_wire_damage *lines; /* NULL: none */
    uint32_t wire_version; /* 1 or 2 */
    uint32_t ring_len, generation;
    uint32_t width, height;
    uint32_t last_sequence; /* of the last frame taken; 0 = none yet */
    uint64_t taken, repeated;
    uint64_t seen; /* `latest` as it was last looked at */
};

/* What the source said of one frame: a copy, made under the claim. */
struct fr_ring_record {
    fr_token token;
    uint32_t clock_id, publish_delay_us;
    uint64_t present_ns;
    bool has_damage;        /* it is known what differs from the last frame taken */
    struct fr_parts damage; /* that, in the picture */
};

/* The totals of the source line: a copy. */
struct fr_ring_totals {
    uint64_t heartbeat_ns, offered, published, dropped, mismatched;
};

/* Writes the header of a new generation into `shared`, `bytes` of zeroed memory: FR_WIRE_V2_BYTES, or with
 * damage lines FR_WIRE_WHOLE_BYTES at least. The magic goes last. */
void fr_ring_host_create(struct fr_ring_host *ring, fr_wire_v2 *shared, size_t bytes,
                         const struct fr_ring_shape *shape, uint32_t generation, uint32_t target_id,
                         uint32_t sync_kind, uint32_t pid);

/* The same for version 1, whose generations follow each other in one header: `shared` is zeroed memory, or
 * holds the generation before, whose slots must be there until this returns. */
void fr_ring_host_create_v1(struct fr_ring_host *ring, fr_wire_v1 *shared, const struct fr_ring_shape *shape,
                            uint32_t generation, uint32_t target_id);

/* Tells a source that may still hold the ring that a new generation is coming (or, at 0, that the host
 * ends). Version 1 is told of a new generation by its creation. */
void fr_ring_host_retire(struct fr_ring_host *ring, uint32_t next_generation);

/* The newest published frame that is ours and newer than the last one taken. False: there is none. */
bool fr_ring_host_newest(struct fr_ring_host *ring, fr_token *out);

/* The source has stored another token since the last look; this is one. One load: for who looks over and over
 * again. */
bool fr_ring_host_moved(struct fr_ring_host *ring);

/* The last thing before the host sleeps on the event: whoever publishes from now on signals it. False: a
 * token was stored since the last look, so look again instead. At most one false for each token. */
bool fr_ring_host_may_sleep(struct fr_ring_host *ring);

/* Right after the sleep: until the next fr_ring_host_may_sleep the host looks by itself, and a publish makes
 * no system call. */
void fr_ring_host_awake(struct fr_ring_host *ring);

/* PUBLISHED -> READING for exactly this frame. False: the source has lapped it; look for the newest again. */
bool fr_ring_host_claim(struct fr_ring_host *ring, fr_token token);

/* Under the claim: what this frame is. False: the record does not speak of the frame that was claimed (a
 * broken peer); release the slot and do not use it. */
bool fr_ring_host_record(const struct fr_ring_host *ring, fr_token claimed, struct fr_ring_record *out);

/* READING -> FREE. */
void fr_ring_host_release(struct fr_ring_host *ring, fr_token token);

/* READING -> PUBLISHED: the frame stays to be taken. */
void fr_ring_host_unclaim(struct fr_ring_host *ring, fr_token token);

/* Under the claim, with fences: what the ready fence must reach before the pixels may be read. The peer's
 * word: a wait for it needs a bound. */
uint64_t fr_ring_host_ready_value(const struct fr_ring_host *ring, fr_token token);

/* Under the claim, with fences: what the retire fence will reach when they have been read. */
void fr_ring_host_retire_value(struct fr_ring_host *ring, fr_token token, uint64_t value);

/* The frame will be shown: from now on only newer ones count, and older ones are freed. Returns how many
 * sequence numbers were passed over. */
uint32_t fr_ring_host_taken(struct fr_ring_host *ring, fr_token token);

/* Writes the host line's totals and heartbeat. */
void fr_ring_host_beat(struct fr_ring_host *ring, uint64_t now_ns);

void fr_ring_host_totals(const struct fr_ring_host *ring, struct fr_ring_totals *out);

/* The source's word on its attach: FR_WIRE_STATUS_*, with the detail. */
uint32_t fr_ring_host_source_status(const struct fr_ring_host *ring, uint32_t *detail);

/* The adapter that the source says it renders on; false: it named none. After a status was seen. */
bool fr_ring_host_source_adapter(const struct fr_ring_host *ring, uint32_t *luid_low, int32_t *luid_high);

/* Copies the metadata line if it is whole and differs from change number *seen, which is updated. False:
 * nothing new. */
bool fr_ring_host_metadata(const struct fr_ring_host *ring, uint32_t *seen, fr_wire_metadata *out);

/* ---- source ---- */

struct fr_ring_source {
    fr_wire_v2 *shared;    /* version 1: only its v1 is there */
    fr_wire_damage *lines; /* NULL: none */
    fr_wire_debug *debug;  /* NULL: none */
    uint32_t wire_version; /* 1 or 2 */
    uint32_t ring_len, generation;
    uint32_t sequence;                         /* of the last frame published; 0 = none yet */
    uint32_t slot_sequence[FR_WIRE_SLOTS_MAX]; /* what this side last published there; 0 = nothing */
    int newest_slot;                           /* where the last published frame lies; -1 = none */
    int writing;                               /* the slot that is held; -1 = none */
    uint32_t refused;                          /* slots that this frame could not have, one bit each */
    bool ahead;                                /* the slot was claimed before there was a frame */
    fr_wire_source line;                       /* our line's totals, copied to the shared one */
    bool has_damage;                           /* the newest frame's record says what differs */
    uint32_t reach;                            /* from the one before it, and from so many before that: */
    struct fr_parts damage;
};

/* Takes the ring on whose header, of `bytes`, passed fr_wire_snapshot as `header`. What a source before this
 * one published in the same generation goes on: sequence, newest frame, totals. There is one source at a
 * time. debug: a block outside the header, or NULL. */
void fr_ring_source_attach(struct fr_ring_source *ring, fr_wire_v2 *shared, size_t bytes,
                           const fr_wire_v2 *header, uint32_t pid, fr_wire_debug *debug);

/* Says how the attach went (FR_WIRE_STATUS_*), which the host waits for. */
void fr_ring_source_report(fr_wire_v1 *shared, uint32_t status, uint32_t detail);

/* Names the adapter that this side renders on; goes before the report. */
void fr_ring_source_adapter(fr_wire_v1 *shared, uint32_t luid_low, int32_t luid_high);

/* True when the host has made another generation: nothing more may be published here. */
bool fr_ring_source_stale(const struct fr_ring_source *ring);

/* Claims a slot; its index, or -1: none could be had, the frame counts as dropped. Counts it as offered. */
int fr_ring_source_begin(struct fr_ring_source *ring);

/* The same before there is a frame: nothing is counted but a frame that was overwritten. */
int fr_ring_source_begin_ahead(struct fr_ring_source *ring);
/* Now there is one: it counts as offered, as if its slot had been claimed for it. */
void fr_ring_source_has_frame(struct fr_ring_source *ring);

/* The backend could not have the slot: gives it back and claims another one. The index, or -1: no other, the
 * frame counts as dropped. */
int fr_ring_source_begin_other(struct fr_ring_source *ring);

/* With fences: what the retire fence must reach before the slot that is held may be written. The peer's word.
 */
uint64_t fr_ring_source_retire_value(const struct fr_ring_source *ring);

struct fr_ring_publish {
    uint64_t ready_value; /* with fences, else 0 */
    uint64_t present_ns;
    uint32_t publish_delay_us;
    const struct fr_parts *damage; /* all that differs from the frame published before; NULL: not known */
};

/* WRITING -> PUBLISHED, then the token. A frame that follows one which the host has not taken says what
 * differs from those before that too. False: the state was not ours any more (a broken peer). The totals
 * are shown by the beat that follows: they need not be on their way when the host is woken. */
bool fr_ring_source_publish(struct fr_ring_source *ring, const struct fr_ring_publish *info);

/* After a publish: whether the host has to be signalled. False: it is awake and looks before it sleeps. */
bool fr_ring_source_must_signal(const struct fr_ring_source *ring);

/* WRITING -> FREE. The frame, if there was one, counts as dropped. */
void fr_ring_source_cancel(struct fr_ring_source *ring);

/* How many published frames the host has neither taken nor passed over; 0 in version 1, where nobody knows.
 */
uint32_t fr_ring_source_untaken(const struct fr_ring_source *ring);

/* A frame that was offered but does not fit the ring. */
void fr_ring_source_mismatch(struct fr_ring_source *ring);

/* Writes the source line: totals and heartbeat. */
void fr_ring_source_beat(struct fr_ring_source *ring, uint64_t now_ns);

void fr_ring_source_set_metadata(struct fr_ring_source *ring, const fr_wire_metadata *metadata);

/* ---- shared by both sides ---- */

/* The damage lines of a header of version 2 that has so many bytes; NULL: it has none. */
static inline fr_wire_damage *fr_damage_lines(fr_wire_v2 *shared, size_t bytes)
{
    return bytes >= FR_WIRE_WHOLE_BYTES ? ((fr_wire_whole *)(void *)shared)->damage : NULL;
}

static inline uint32_t fr_slot_word(uint32_t sequence, uint32_t state)
{
    return sequence << 8 | state;
}

#endif
