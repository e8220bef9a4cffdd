/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_LINES_H
#define FR_CLI_SELFTEST_LINES_H

/* What the processes of a self-test write to each other: "KIND text", one line, at most LINES_MAX bytes. A
 * line of another kind is somebody else's (a driver that prints), and is noted. */

#include "selftest/selftest.h"

enum { LINES_MAX = 480 };

/* "note", "peer" or "result". Control characters become spaces. */
void lines_write(const char *kind, const char *text);

/* What follows the kind in `line`, or NULL: it is of another kind. */
const char *lines_of_kind(const char *line, const char *kind);

void lines_write_result(const struct selftest *test);
/* Reads what lines_write_result wrote, after its kind. False: it is damaged. */
bool lines_read_result(const char *text, struct selftest *out);

#endif
