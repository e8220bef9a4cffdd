/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SUMMARY_H
#define FR_CLI_SUMMARY_H

#include "session.h"

#include <jansson.h>
#include <stdio.h>

/* What a session's end tells: docs/man/framering.1 lists the fields. */

/* The object of `framering capture --json`. The caller owns it; NULL: no memory. */
json_t *summary_json(const struct session_result *result);

/* The same for a reader. */
void summary_write(FILE *file, const struct session_result *result);

/* "hdr+size". Returns out. */
char *summary_flip_kind(uint32_t kind, char *out, size_t bytes);

/* {p50, p99} in microseconds. */
json_t *summary_percentiles(const struct histogram *histogram);

/* Writes one object and a newline to stdout, and frees it. False: it could not be written, and that was
 * told. */
bool summary_print(json_t *object);

#endif
