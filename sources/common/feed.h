/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FEED_H
#define FRAMERING_SOURCES_FEED_H

/* The connection of a source program to its ring: the options that all programs have, how a session starts,
 * what each status of the library means for the program, and when frames are due. */

#include "options.h"

#include <framering/source.h>
#include <framering/win32.h>

typedef struct fr_feed_options {
    fr_program program;
    bool has_target;
    uint32_t target_id;
    const char *runtime_dir;
    fr_win32_source_params win32; /* Windows */
    fr_mode mode;                 /* of --size and --fps; zero where not given */
    bool unpaced;                 /* --fps max */
} fr_feed_options;

/* Tables for fr_command; `user` is an fr_feed_options. */
fr_option_group
fr_feed_common_group(fr_feed_options *options); /* target, verbose, and how the system reaches hosts */
fr_option_group fr_feed_size_group(fr_feed_options *options); /* size */
fr_option_group fr_feed_rate_group(fr_feed_options *options); /* fps */

typedef struct fr_feed {
    const fr_feed_options *options;
    fr_source *source;
    bool inherited; /* the host gave us the socket: when it goes, we end */
    bool attached;
    bool said_waiting;
    uint64_t waiting_since_ns;
    bool stopped; /* the session is over */
    int exit_code;
} fr_feed;

/* Opens the source and fills in what the options say of `params`. False: said why, *feed needs no finish. */
bool fr_feed_init(fr_feed *feed, const fr_feed_options *options, fr_source_params *params);
void fr_feed_finish(fr_feed *feed);

typedef enum fr_feed_state {
    FR_FEED_STOP,  /* leave the loop and exit with feed->exit_code */
    FR_FEED_LOST,  /* the GPU of the params went away: nothing more comes of this source */
    FR_FEED_WAIT,  /* no ring */
    FR_FEED_READY, /* frames may be drawn */
    FR_FEED_REDRAW /* as READY, and the ring is new and empty: a whole frame is due now */
} fr_feed_state;

/* fr_source_poll, with the statuses and the signals read. Waits at most 0.1 s even if asked for more. */
fr_feed_state fr_feed_poll(fr_feed *feed, uint64_t timeout_ns);

/* After the last frame: gives the host time to take it, then ends the session with FR_EXIT_DONE. */
void fr_feed_linger(fr_feed *feed);

/* Ends the session after this turn. */
void fr_feed_stop(fr_feed *feed, int exit_code);

/* When frames are due at a rate that does not drift. All zero: at once. */
typedef struct fr_pacer {
    uint64_t next_ns;
} fr_pacer;

/* Time until the next frame is due; 0: now. */
uint64_t fr_pacer_wait_ns(const fr_pacer *pacer, uint64_t now_ns);

/* A frame was made now; the next is due one interval after this one was. One that is late by more than an
 * interval is not caught up with. */
void fr_pacer_advance(fr_pacer *pacer, uint64_t now_ns, uint32_t refresh_mhz);

#endif
