/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_PROGRESS_H
#define FR_CLI_PROGRESS_H

#include <framering/capture.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The live line of a capture. Rates are those of the last whole second. */
struct progress {
    bool enabled;
    uint64_t drawn_ns, measured_ns, started_ns;
    uint64_t fresh, repeats, encoded; /* at measured_ns */
    double fresh_rate, repeat_rate, encoded_rate;
};

void progress_init(struct progress *progress, bool enabled, uint64_t now_ns);

/* True when it is time to draw again: four times a second. */
bool progress_is_due(const struct progress *progress, uint64_t now_ns);

void progress_draw(struct progress *progress, uint64_t now_ns, const fr_capture_info *info, uint64_t encoded,
                   const char *file);

/* Writes the line; cut to `bytes`. */
void progress_format(const struct progress *progress, uint64_t now_ns, const fr_capture_info *info,
                     const char *file, char *out, size_t bytes);

#endif
