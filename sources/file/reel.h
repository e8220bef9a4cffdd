/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FILE_REEL_H
#define FRAMERING_SOURCES_FILE_REEL_H

/* A run of the file source: each picture of a video at its time. */

#include "common/feed.h"

typedef struct fr_reel_options {
    fr_feed_options feed;
    const char *path;
    bool loop;
} fr_reel_options;

/* Runs until the end; the exit code of the program. */
int fr_reel_run(const fr_reel_options *options);

#endif
