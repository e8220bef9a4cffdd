/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_H
#define FR_CLI_BENCH_H

#include "files.h"
#include "session.h"

#include <framering/convert.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The measurements of `framering bench`. Each returns an object or a list that the caller owns; NULL: it
 * failed, and that was told. */

enum { BENCH_TARGETS_MAX = 64 };

struct bench_options {
    uint32_t width, height; /* 0 = the usual ones */
    uint64_t for_ns;        /* of each session; `convert`: of each kernel's runs; 0 = the usual time */
    uint32_t cpu_mask;      /* of `convert`: as in fr_convert_params */
    uint32_t threads;       /* of `convert`: at most so many; 0 = the usual number */
    uint32_t targets;       /* of `scale`: at most so many; 0 = the usual number */
    const char *source;     /* of `session` */
    bool typing;            /* `session` is bench_typing */
};

json_t *bench_convert(const struct bench_options *options);
json_t *bench_handoff(const struct bench_options *options);
json_t *bench_session(const struct bench_options *options);
json_t *bench_scale(const struct bench_options *options);

/* Adds the rows of fr_slot_write to those of bench_convert, on the processor cpu (-1: any). False: it failed,
 * and that was told. */
bool bench_slot(json_t *list, const struct bench_options *options, int cpu, uint32_t width, uint32_t height);

/* The median time of one conversion in ms, the pictures in our own memory, on whatever processor. False: it
 * failed, and that was told. */
bool bench_convert_alone(const fr_convert_params *params, double *ms);

/* What the changes of an X display that somebody else makes cost to convert, as part of converting each of
 * its fresh frames whole. */
json_t *bench_typing(const struct bench_options *options);

/* A source for measuring, in a process of its own, which draws next to nothing. `rate`: so many frames in
 * 1000 s, or 0: one frame, then an idle display; or one of bench_turn_names: the frames of that
 * turn of bench_beat.h. Returns the exit code. */
int bench_worker(const char *size, const char *rate);
extern const char *const bench_turn_names[]; /* by turn */

enum { BENCH_WORKER_ARGS = 6, BENCH_WORKER_TEXT = 16 };

/* The command line of a worker. */
struct bench_worker_args {
    char *argv[BENCH_WORKER_ARGS];
    char self[FILES_PATH_MAX], size[BENCH_WORKER_TEXT], rate[BENCH_WORKER_TEXT];
};

void bench_worker_args(struct bench_worker_args *out, uint32_t width, uint32_t height, const char *rate);

/* The params of a session that measures: null:, no cap, no restart. */
struct session_params bench_session_params(const struct bench_worker_args *worker, uint64_t for_ns);

/* False, and told: the session did not end as it should. */
bool bench_session_is_good(const struct session_result *result);

#endif
