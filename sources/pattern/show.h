/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_SHOW_H
#define FRAMERING_SOURCES_PATTERN_SHOW_H

/* A run of the pattern: draws at its rate, follows its script and what the host asks for. */

#include "common/feed.h"
#include "gpu.h"
#include "script.h"

typedef struct fr_show_options {
    fr_feed_options feed;
    fr_gpu_options gpu;
    fr_colour_state colour_state;
    fr_format sdr_format, hdr_format; /* NONE: the usual */
    bool ignore_host;                 /* the host's wish for HDR is not followed */
    uint32_t peak_nits;               /* 0: not said */
    uint64_t idle_after_ns;           /* 0: never */
    uint32_t num_frames;              /* 0: without end */
    fr_script script;
} fr_show_options;

/* Takes the format into its place, and the colour state that goes with it. */
void fr_show_set_format(fr_show_options *options, fr_format format);

/* Runs until the end; the exit code of the program. */
int fr_show_run(fr_show_options *options);

#endif
