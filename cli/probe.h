/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_PROBE_H
#define FR_CLI_PROBE_H

#include <jansson.h>
#include <stdbool.h>

/* What `framering probe` says of one system: linux/probe.c, win32/probe.c. The report is made once, as JSON;
 * the text is written from it. */

/* The whole report. `where` may be NULL. Tries every encoder: takes a second. */
json_t *probe_report(const char *where);

/* {system, release, machine, distribution, processors} */
json_t *probe_system_os(void);

/* Adds members to the report. `where` may be NULL. */
void probe_system_add(json_t *report, const char *where);

/* A list of {name, usable, reason}, from what was added. */
json_t *probe_system_backends(const json_t *report);

/* The text of what was added. */
void probe_system_write(const json_t *report);

/* Members of an object; "" and false when they are not there. */
const char *probe_text(const json_t *object, const char *key);
bool probe_truth(const json_t *object, const char *key);

#endif
