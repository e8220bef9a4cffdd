/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_SETTINGS_H
#define FRAMERING_SOURCES_LAYER_SETTINGS_H

/* What the environment says, and words for whoever started the program. */

#include <framering/log.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct fr_layer_settings {
    bool has_target; /* FRAMERING_TARGET */
    uint32_t target_id;
    bool stats;       /* FRAMERING_CAPTURE_STATS=1 */
    bool verbose;     /* FRAMERING_CAPTURE_VERBOSE=1 */
    bool memory_only; /* FRAMERING_CAPTURE_MEMORY=1 */
} fr_layer_settings;

/* Read once, at the first call. Any thread. */
const fr_layer_settings *fr_layer_settings_get(void);

/* "framering layer: SENTENCE" on stderr, in one piece. */
void fr_layer_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Warnings and errors to stderr, or everything when verbose; an error that comes again is said once. */
fr_log fr_layer_log(void);

#endif
