/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_SIM_WORLD_H
#define FR_TESTS_SIM_WORLD_H

/*
 * What the two sides share, and what the test knows of it. Header and pixels are touched by steps; all else
 * is the test's own bookkeeping and the channel between the two, which is done by the system and not by
 * shared words.
 */

#include "explorer.h"

#include "ring/ring.h"

enum { SIM_MEMORIES = 3, SIM_FRAMES_MAX = 16, SIM_PIXELS = 3, SIM_NOBODY = -1 };

struct sim_scenario {
    const char *name;
    void (*source)(void);
    void (*host)(void);
    void (*end)(void);
    uint32_t ring_len;
    uint32_t frames;      /* that the source offers */
    uint32_t cancel_mask; /* bit i: frame i is given up */
    uint32_t late_mask;   /* bit i: the backend cannot have the pixels of the host's claim i in time */
    uint32_t nap_mask; /* bit i: a timer ends the host's sleep i if nothing does before, and it looks then */
    uint32_t sequence_base; /* the last sequence before the first frame */
    uint32_t retire_after;  /* takes, after which the host makes a new generation; 0 = never */
    bool in_place;          /* the new generation reuses the header (the reference design's way) */
    bool bare_event;        /* the source signals without asking, and the event orders no stores */
    int dies;               /* which side is killed at each of its steps, or SIM_NOBODY */
    uint32_t preemptions;   /* bound of the exhaustive search */
    uint32_t random_runs;
};

struct sim_memory {
    fr_wire_whole header;
    uint32_t pixels[FR_WIRE_SLOTS_MAX][SIM_PIXELS];
};

/* What the test knows of a generation. */
struct sim_shadow {
    uint32_t picture[SIM_FRAMES_MAX]; /* by sequence - sequence_base - 1 */
    uint32_t slot_sequence[FR_WIRE_SLOTS_MAX];
    uint32_t slot_offset[FR_WIRE_SLOTS_MAX]; /* 1 + that index; 0 = nothing was published there */
};

struct sim_world {
    const struct sim_scenario *scenario;
    struct sim_memory memory[SIM_MEMORIES];
    struct sim_shadow shadow[SIM_MEMORIES]; /* by generation - 1 */
    uint32_t generations;

    /* the channel */
    struct {
        fr_wire_v2 *header;
        uint32_t (*pixels)[SIM_PIXELS];
        uint32_t generation;
    } delivery;
    bool event, source_news; /* the two wake-ups */
    bool event_left;         /* it woke the host and was not reset yet */
    bool asleep;             /* the host waits for `event` */
    bool publishing;         /* the source has not decided yet whether it signals */
    bool source_idle, source_dead, host_over;

    /* what was done */
    uint32_t next_picture, frame; /* the next frame's number is `frame` */
    uint32_t last_generation, last_sequence, last_picture;
    uint32_t cancelled, published, starved;
    uint32_t with_damage; /* frames of which the host knew what differs */

    /* what was shown */
    struct fr_ring_host ring;
    uint32_t sleeps, claims, takes, passed, shown_generation, shown_sequence, shown_picture;
};

extern struct sim_world sim_world;

void sim_source_main(void);
void sim_host_main(void);
void sim_metadata_source(void);
void sim_metadata_host(void);
void sim_header_writer(void);
void sim_header_reader(void);

/* Fails if the host sleeps although a newer frame is there that nobody will wake it for. */
void sim_check_sleep(void);

/* Wakes the host as a system call does: what was stored before is visible first. */
void sim_signal_host(void);

/* What a picture changes: a place of its own, which is not joined with another's. */
fr_rect sim_damage(uint32_t picture);

/* The index of a frame in its generation's shadow. */
uint32_t sim_frame_index(uint32_t sequence);

#endif
