/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_H
#define FR_CLI_BENCH_H

#include "files.h"
#include "session.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The measurements of `framering bench`. Each returns an object or a list that the caller owns; NULL: it
 * failed, and that was told. */

struct bench_options {
    uint32_t width, height; /* 0 = the usual ones */
    uint64_t for_ns;        /* of each session */
    const char *source;     /* of `session` */
};

struct histogram;

enum { BENCH_ROUND_TRIPS = 20000 };

/* What two processes that only wake each other need, there and back: the floor of every hand-off. False: it
 * failed, and that was told. And what the report calls it. */
bool bench_round_trip(struct histogram *out);
extern const char bench_round_trip_name[];

/* The other process, where it has to be a program of its own. Returns the exit code. */
int bench_answer(const char *name);

json_t *bench_convert(const struct bench_options *options);
json_t *bench_handoff(const struct bench_options *options);
json_t *bench_session(const struct bench_options *options);
json_t *bench_scale(const struct bench_options *options);

/* A source for measuring, in a process of its own: publishes rate_mhz frames in 1000 s, which cost it next to
 * nothing to draw; 0: one frame, then an idle display. Returns the exit code. */
int bench_worker(const char *size, const char *rate_mhz);

enum { BENCH_WORKER_ARGS = 6, BENCH_WORKER_TEXT = 16 };

/* The command line of a worker. */
struct bench_worker_args {
    char *argv[BENCH_WORKER_ARGS];
    char self[FILES_PATH_MAX], size[BENCH_WORKER_TEXT], rate[BENCH_WORKER_TEXT];
};

void bench_worker_args(struct bench_worker_args *out, uint32_t width, uint32_t height, uint32_t rate_mhz);

/* The params of a session that measures: null:, no cap, no restart. */
struct session_params bench_session_params(const struct bench_worker_args *worker, uint64_t for_ns);

/* False, and told: the session did not end as it should. */
bool bench_session_is_good(const struct session_result *result);

#endif
