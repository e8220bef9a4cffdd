/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_OPTIONS_H
#define FRAMERING_SOURCES_OPTIONS_H

/* The command line of a source program, as tables: for what all sources have, and for each one's own. */

#include "program.h"

#include <stddef.h>

typedef struct fr_option {
    const char *name;  /* without the two dashes */
    const char *value; /* what stands after it, for the help; NULL: a flag */
    const char *help;
    /* Stores the value (NULL for a flag). NULL, or what is wrong with it, as the end of a sentence. */
    const char *(*apply)(void *user, const char *value);
} fr_option;

typedef struct fr_option_group {
    const fr_option *options;
    size_t num_options;
    void *user;
} fr_option_group;

typedef struct fr_command {
    const fr_program *program;
    const char *usage;   /* what follows the program's name */
    const char *summary; /* for the help, above the options */
    const char *more;    /* below them; NULL: nothing */
    const fr_option_group *groups;
    size_t num_groups;
    const char *(*argument)(void *user, const char *value); /* one that is no option; NULL: none is taken */
    void *user;
} fr_command;

/* Reads the command line. True: go on. False: the program ends now with *exit_code (after --help,
 * --list-options or a wrong argument, about which one sentence was said). Takes "--name value" and
 * "--name=value". */
bool fr_options_parse(const fr_command *command, int argc, char **argv, int *exit_code);

#endif
