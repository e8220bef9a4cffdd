/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OBSERVE_TARGETS_H
#define FR_OBSERVE_TARGETS_H

/* The list of targets, without where they are found. */

#include <framering/observe.h>

/* `text` is exactly `before`, a number as a host writes it (no sign, no leading zeros), `after`. */
bool fr_targets_parse(const char *text, const char *before, const char *after, uint32_t *target_id);

/* Keeps `out` sorted; when it is full, the largest gives way. */
void fr_targets_insert(uint32_t *out, size_t capacity, size_t *count, uint32_t target_id);

#endif
