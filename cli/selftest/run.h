/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_RUN_H
#define FR_CLI_SELFTEST_RUN_H

/* The first process: runs rows, keeps what came out. */

#include "selftest/selftest.h"

#include <jansson.h>

struct run_entry {
    const struct selftest_row *row;
    struct selftest result;
    uint64_t took_ns;
    json_t *log; /* a list of lines */
};

/* Runs one row in a process of its own, at most its bound. Fills *out, whose log the caller owns. False: the
 * program was told to stop. */
bool run_row(const struct selftest_row *row, struct run_entry *out);

/* What `framering probe` says, asked in a process of its own; an object with "fault" when it gave no answer.
 */
json_t *run_probe(void);
/* That process: writes it into the file. Returns the exit code. */
int run_probe_into(const char *path);

/* {area, name, what, result, code, code_name, sentence, ms}; with the log if that is asked for. */
json_t *run_entry_json(const struct run_entry *entry, bool with_log);

#endif
