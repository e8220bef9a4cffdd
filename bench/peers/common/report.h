/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_REPORT_H
#define PEERS_REPORT_H

#include <jansson.h>
#include <stdbool.h>

/* The one JSON document that each program prints: what was measured, and what was not. */
struct report {
    json_t *peers, *missing;
};

/* False: no memory, and that was told. */
bool report_init(struct report *report);

/* Takes `peer` over; NULL counts as no memory. */
void report_add(struct report *report, json_t *peer);

/* `package`: the Debian package that would bring it, or the one that cannot do it; `reason`: in words. */
void report_missing(struct report *report, const char *name, const char *package, const char *reason);

/* To standard output; frees both lists. Returns the exit code of the program. */
int report_print(struct report *report);

#endif
