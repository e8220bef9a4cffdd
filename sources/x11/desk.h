/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_DESK_H
#define FRAMERING_SOURCES_X11_DESK_H

/* A run of the X11 source: a frame for what changed, at most at its rate; else nothing. */

#include "common/feed.h"

typedef struct fr_desk_options {
    fr_feed_options feed;
    const char *display; /* NULL: DISPLAY */
    uint32_t window;     /* 0: the root */
    bool no_cursor;
    bool no_damage; /* every frame is published as a whole */
} fr_desk_options;

/* Runs until the end; the exit code of the program. */
int fr_desk_run(const fr_desk_options *options);

#endif
