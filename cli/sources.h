/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SOURCES_H
#define FR_CLI_SOURCES_H

#include "args.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The source programs of this machine: framering-source-KIND, looked for in $FRAMERING_SOURCE_DIR, then in
 * files_source_folders.
 */

#define SOURCES_MAX 16u
#define SOURCES_KIND_BYTES 32u

struct sources_list {
    size_t count;
    char kind[SOURCES_MAX][SOURCES_KIND_BYTES]; /* in alphabetic order */
};

/* The path of the program of a kind. False: there is none. */
bool sources_is_there(const char *kind, char *path, size_t bytes);

/* The same; when there is none, the sentence with the kinds there are is written. */
bool sources_find(const char *kind, char *path, size_t bytes);

void sources_scan(struct sources_list *out);

/* "file, pattern, x11", or "none is installed". Returns out. */
char *sources_write_kinds(char *out, size_t bytes);

#define SOURCES_OPTIONS_MAX 64u

/* The options of one source program: what it answers to --list-options. */
struct sources_options {
    size_t count;
    struct {
        char name[48];
        bool takes_value;
    } option[SOURCES_OPTIONS_MAX];
};

/* Asks the program; on failure the sentence is written. */
bool sources_ask_options(const char *path, struct sources_options *out);

/* The lines of an answer; what is no option is skipped. */
void sources_parse_options(const char *text, struct sources_options *out);

enum args_foreign sources_option_kind(const struct sources_options *options, const char *name);

/* What is recorded when nobody says: the desktop; where there is none the pattern, and *stands_in is the
 * sentence for that (else NULL). linux/display.c, win32/desktop.c. */
const char *sources_default(const char **stands_in);

#endif
