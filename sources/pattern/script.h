/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_SCRIPT_H
#define FRAMERING_SOURCES_PATTERN_SCRIPT_H

/* What the picture does when, from --at WHEN:ACTION options. */

#include <framering/display.h>

typedef enum fr_script_action {
    FR_SCRIPT_COLOUR, /* hdr=on|off, wcg=on|off */
    FR_SCRIPT_SIZE,
    FR_SCRIPT_RATE,
    FR_SCRIPT_FORMAT,
    FR_SCRIPT_IDLE,         /* publishes nothing, but answers */
    FR_SCRIPT_STALL,        /* does not even answer */
    FR_SCRIPT_MISMATCH,     /* pushes frames of another size */
    FR_SCRIPT_HANG_WRITING, /* stops in the middle of a frame */
    FR_SCRIPT_KILL_WRITING, /* dies in the middle of a frame */
    FR_SCRIPT_KILL,
    FR_SCRIPT_GARBAGE, /* sends rubbish to the host */
    FR_SCRIPT_EXIT
} fr_script_action;

typedef struct fr_script_step {
    uint64_t at_ns;        /* since the first ring was attached */
    bool by_frames;        /* after_frames instead of at_ns */
    uint32_t after_frames; /* see fr_script_take; 0: together with the step before */
    fr_script_action action;
    uint64_t duration_ns; /* idle, stall, mismatch, hang-writing */
    uint32_t width, height;
    uint32_t refresh_mhz; /* 0: as fast as possible */
    uint32_t exit_code;
    fr_colour_state colour_state;
    fr_format format;
} fr_script_step;

enum { FR_SCRIPT_MAX_STEPS = 256 };

typedef struct fr_script {
    /* By time; of equal times, and by frames, as added. */
    fr_script_step steps[FR_SCRIPT_MAX_STEPS];
    uint32_t num_steps, next;
} fr_script;

/* What can be said after --at, for the help. */
extern const char fr_script_help[];

/* Adds one step, such as "2s:hdr=on" or "60f:hdr=on". NULL, or what is wrong with it. */
const char *fr_script_add(fr_script *script, const char *text);

/* The next step if its time has come, and past it; else NULL. `frames`: that the host has taken since it
 * followed the step before; 0 as long as it has not, so that no pause of either side merges two steps. */
const fr_script_step *fr_script_take(fr_script *script, uint64_t elapsed_ns, uint32_t frames);

/* Time until the next step, at most `limit_ns`. */
uint64_t fr_script_wait_ns(const fr_script *script, uint64_t elapsed_ns, uint64_t limit_ns);

#endif
