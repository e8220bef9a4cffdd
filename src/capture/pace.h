/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_PACE_H
#define FR_CAPTURE_PACE_H

/*
 * When the next frame is due, learnt from when the last ones were published: pure arithmetic over times that
 * a peer may have made up. Whatever those are, the stretch in which a frame is looked for is no longer than
 * the budget, and is one for each frame.
 */

#include <stdbool.h>
#include <stdint.h>

enum { FR_PACE_FRAMES = 8 };

struct fr_pace {
    uint64_t budget_ns;
    uint64_t at_ns[FR_PACE_FRAMES]; /* oldest first, all of one pace */
    uint32_t count;
    uint64_t interval_ns; /* the usual one; 0 = not known */
    uint64_t due_ns;      /* of the next frame; 0 = no telling */
    uint64_t head_ns;     /* how long before that the host means to be awake */
    uint64_t late_ns;     /* by how much the last timer woke it too late */
    bool napping;         /* it sleeps until from_ns, as far as is known */
    bool seen, gave_up;   /* how the look for it ended, if it has */
    uint64_t vain;        /* how much less was gained by looks than was lost */
    uint32_t rest;        /* so many frames are not looked for therefore */
    /* When to look for the next frame; until = 0: not at all. */
    uint64_t from_ns, until_ns;
};

/* budget_ns: 0 = never look; at most 1 s. */
void fr_pace_init(struct fr_pace *pace, uint64_t budget_ns);

/* A frame was published at this time. */
void fr_pace_frame(struct fr_pace *pace, uint64_t published_ns);

/* The host goes to sleep until from_ns. A frame that comes before it woke came too early for it. */
void fr_pace_nap(struct fr_pace *pace);

/* That sleep ended by itself at now_ns. */
void fr_pace_woke(struct fr_pace *pace, uint64_t now_ns);

/* It has looked, and saw something, or it looks for this frame no more. */
void fr_pace_looked(struct fr_pace *pace, bool seen);

#endif
