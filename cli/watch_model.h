/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WATCH_MODEL_H
#define FR_CLI_WATCH_MODEL_H

#include <framering/observe.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an observer sees, made readable. */

/* Per second, since the sample before. */
struct watch_rates {
    double offered, published, dropped, mismatched, taken, repeated;
};

/* The totals in the header begin anew with each generation; then the rates count from zero. */
void watch_rates_between(const fr_observation *before, const fr_observation *now, struct watch_rates *out);

const char *watch_host_state(uint32_t state);
const char *watch_source_status(uint32_t status);

/* "free", "writing", ... for fr_wire_slot.state. */
const char *watch_slot_state(uint32_t state);

/* "12 ms", "3.4 s", or "-" for none. Returns out. */
char *watch_age(char *out, size_t bytes, uint64_t now_ns, uint64_t then_ns);

enum { WATCH_AIDS_MAX = 6 };

/* The reading aids of the debug block: what its numbers mean. Static sentences; returns how many, at least
 * one. */
size_t watch_aids(const fr_wire_v2 *header, uint32_t target_id, const char *out[WATCH_AIDS_MAX]);

/* One sample in one line. Returns out. */
char *watch_line(char *out, size_t bytes, uint32_t target_id, const fr_observation *seen,
                 const struct watch_rates *rates);

json_t *watch_json(uint32_t target_id, const fr_observation *seen, const struct watch_rates *rates);
json_t *watch_debug_json(uint32_t target_id, const fr_wire_v2 *header);

#endif
