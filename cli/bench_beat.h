/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_BEAT_H
#define FR_CLI_BENCH_BEAT_H

#include "clock.h"

/*
 * What `bench handoff` does when. The clock, which all processes share, is cut into turns, so that they agree
 * without a word: frames to a host that sleeps, to one that looks when a frame is due, to one that spins,
 * bare wake-ups of two kinds; over and over. Each turn begins and ends with a pause, in which its processes
 * come and go.
 */

enum { BEAT_SLEEP = 0, BEAT_LOOK = 1, BEAT_SPIN = 2, BEAT_BARE = 3, BEAT_TURNS = 5 };

#define BEAT_TURN_NS (100 * NS_PER_MS)
#define BEAT_PAUSE_NS (8 * NS_PER_MS)
#define BEAT_EVERY_NS NS_PER_MS
#define BEAT_SPIN_EVERY_NS (100 * NS_PER_US)

static inline unsigned beat_turn(uint64_t now_ns)
{
    return (unsigned)(now_ns / BEAT_TURN_NS % BEAT_TURNS);
}

/* When the turn that runs at now_ns begins in earnest, and ends. */
static inline uint64_t beat_begin_ns(uint64_t now_ns)
{
    return now_ns / BEAT_TURN_NS * BEAT_TURN_NS + BEAT_PAUSE_NS;
}

static inline uint64_t beat_end_ns(uint64_t now_ns)
{
    return beat_begin_ns(now_ns) + BEAT_TURN_NS - 2 * BEAT_PAUSE_NS;
}

/* When this turn begins in earnest next, seen from any time. */
static inline uint64_t beat_next_ns(unsigned turn, uint64_t now_ns)
{
    uint64_t ahead = (turn + BEAT_TURNS - beat_turn(now_ns)) % BEAT_TURNS;
    uint64_t begin = beat_begin_ns(now_ns) + ahead * BEAT_TURN_NS;
    return begin > now_ns ? begin : begin + BEAT_TURNS * BEAT_TURN_NS;
}

#endif
