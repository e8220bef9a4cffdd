/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CAPTURE_OPTIONS_H
#define FR_CLI_CAPTURE_OPTIONS_H

#include "session.h"
#include "sources.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    SOURCE_ARGS_MAX = 128, /* words that the user hands on to the source */
    SOURCE_ARGS_OURS = 8   /* room for what we hand on, and the end */
};

/* The command line of `framering capture`. `session` points into it: it must not move. */
struct capture_options {
    struct session_params session;
    const char *source; /* as given, or the default */
    bool no_display;    /* none was given, and no display answers: the pattern stands in */
    char source_path[PATH_MAX];
    char out[PATH_MAX];
    char *source_argv[SOURCE_ARGS_MAX + SOURCE_ARGS_OURS];
    size_t source_argc;
    struct sources_options source_options;
    const char *size_text, *fps_text;
    bool hdr, json, target_named;
};

/* Reads the command line into zeroed options, and finds the source program. False: the help or a sentence was
 * written, and *exit_code says how to end. */
bool capture_options_parse(struct capture_options *options, int argc, char **argv, int *exit_code);

#endif
