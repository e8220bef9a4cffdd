/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CAPTURE_OPTIONS_H
#define FR_CLI_CAPTURE_OPTIONS_H

#include "files.h"
#include "session.h"
#include "sources.h"

#include <framering/d3d11.h>
#include <framering/vulkan.h>
#include <framering/win32.h>

#include <stdbool.h>
#include <stddef.h>

enum {
    SOURCE_ARGS_MAX = 128, /* words that the user hands on to the source */
    SOURCE_ARGS_OURS = 20  /* room for what we hand on, and the end */
};

/* The command line of `framering capture`. `session` points into it: it must not move. */
struct capture_options {
    struct session_params session;
    const char *source;    /* as given, or the default */
    const char *stands_in; /* why the pattern does; NULL: it does not */
    char source_path[FILES_PATH_MAX];
    char out[FILES_PATH_MAX];
    char *source_argv[SOURCE_ARGS_MAX + SOURCE_ARGS_OURS];
    size_t source_argc;
    struct sources_options source_options;
    const char *size_text, *fps_text, *backend_text;
    char target_text[16];
    bool hdr, json, target_named, spin_named;
    struct fr_win32_host_params win32; /* Windows: what `session.capture` points to */
    struct fr_d3d11_host_params d3d11;
    struct fr_vulkan_host_params vulkan; /* Linux: likewise */
    struct fr_ccd_params ccd;
    bool follows_display;
    fr_display_provider display;
};

/* Reads the command line into zeroed options, and finds the source program. False: the help or a sentence was
 * written, and *exit_code says how to end. */
bool capture_options_parse(struct capture_options *options, int argc, char **argv, int *exit_code);

/* One more word for the source, or two: only if it knows the option `name`, with a value or without. The text
 * must live as long as the options. */
void capture_options_hand_on(struct capture_options *options, const char *name, const char *value);

/* ---- what a system has of its own: linux/capture_system.c, win32/capture_system.c ---- */

enum { CAPTURE_SYSTEM_FIRST = 1000 }; /* the lowest id of its options */

extern const char capture_system_source_help[];  /* of --source */
extern const char capture_system_backend_help[]; /* of --backend */
extern const struct args_table capture_system_table;

/* False: there is no such backend. And what there is, for the sentence. */
bool capture_system_backend(const char *name, fr_backend_kind *out);
extern const char capture_system_backends[];

/* How long a capture looks for a frame that is due unless it is told: of --spin. */
uint64_t capture_system_spin_ns(void);
extern const char capture_system_spin_help[];

/* One option of the table. False: the sentence was written. */
bool capture_system_set(struct capture_options *options, const struct args *args, int id);

/* After all options were read: what depends on several of them. False: the sentence was written. */
bool capture_system_finish(struct capture_options *options);

/* Frees what finish made; accepts options that it never saw. */
void capture_system_close(struct capture_options *options);

#endif
