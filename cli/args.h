/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_ARGS_H
#define FR_CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* One option of a command. The same table is parsed and printed as help, so the two cannot disagree. */
struct args_option {
    int id;            /* what args_next returns for it: above 0 */
    const char *name;  /* with its dashes: "--size" */
    const char *value; /* what its value is called: "WxH"; NULL = it takes none */
    const char *help;
    const char *heading; /* of the group that begins here; NULL = goes on */
};

struct args_table {
    const struct args_option *options;
    size_t num_options;
};

struct args_command {
    const char *name;                  /* "capture" */
    const char *synopsis;              /* after "framering capture " */
    const char *about;                 /* lines of at most 80 columns */
    const struct args_option *options; /* may be NULL */
    size_t num_options;
    const struct args_table *more; /* options of this system, after the others; NULL = none */
    const char *epilogue;          /* examples and notes, lines of at most 80 columns; NULL = none */
};

enum {
    ARGS_END = 0,
    ARGS_POSITIONAL = -1, /* `value` is the argument */
    ARGS_FOREIGN = -2,    /* `name` is an option that `foreign` knows, `value` its value or NULL */
    ARGS_HELP = -3,       /* --help or -h */
    ARGS_BAD = -4         /* the sentence is written */
};

enum args_foreign { ARGS_UNKNOWN = 0, ARGS_FLAG, ARGS_VALUE };

struct args {
    const struct args_command *command;
    int argc;
    char **argv;
    int at;          /* 0 at the start: argv[0] is skipped */
    bool no_options; /* "--" was read */
    bool lenient;    /* unknown options are skipped without a word */
    const char *value;
    char name[64]; /* of the option that was read */
    /* Knows options that are not in the table; may be NULL. */
    enum args_foreign (*foreign)(void *user, const char *name);
    void *user;
};

/* The next option or argument: an option's id or one of the above. Takes "--name value" and
 * "--name=value". */
int args_next(struct args *args);

/* The help text, to stdout. Returns EXIT_DONE. */
int args_print_help(const struct args_command *command);

/* The sentence for a value that does not fit: "--size 0x5: give ...". Returns false. */
bool args_refuse(const struct args *args, const char *wanted);

#endif
