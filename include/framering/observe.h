/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_OBSERVE_H
#define FRAMERING_OBSERVE_H

/*
 * Watching a running session from a third process, without disturbing it: an observer maps the ring's header
 * read-only and samples it.
 *
 *     fr_observer *observer;
 *     if (fr_observer_open(&observer, NULL, 7, &log) == FR_OK) {
 *         fr_observation seen;
 *         while (fr_observer_sample(observer, &seen) >= 0)
 *             show(&seen), wait();
 *         fr_observer_close(&observer);
 *     }
 *
 * Threads: one thread at a time calls functions on an observer.
 */

#include <framering/log.h>
#include <framering/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The folder that holds the sockets of all targets, for a caller who names none: $XDG_RUNTIME_DIR/framering,
 * else /run/user/<uid>/framering if /run/user/<uid> is there, else /tmp/framering-<uid>. Writes at most
 * `bytes`, with the final zero. FR_ERR_ARGUMENT: does not fit. FR_ERR_UNSUPPORTED: Windows, whose pipes have
 * one folder for all. */
FR_API fr_status fr_runtime_dir(char *out, size_t bytes);

/* The targets that have a socket in the folder (NULL: fr_runtime_dir), in rising order, at most `capacity`.
 * *count is how many were written. FR_OK also when there are none. Windows: those that have a pipe, whose
 * name begins with runtime_dir (NULL: "framering-target"); FR_ERR_UNSUPPORTED: the system does not list its
 * pipes. */
FR_API fr_status fr_targets_list(const char *runtime_dir, uint32_t *out, size_t capacity, size_t *count);

typedef struct fr_observer fr_observer;

/* Connects to the host of a target. FR_ERR_NO_HOST, FR_ERR_REFUSED, FR_ERR_VERSION, FR_ERR_PERMISSION,
 * FR_ERR_SYSTEM: *out is NULL. Blocks at most 1 s. Windows: runtime_dir is what the names of pipes begin
 * with, or, with a backslash, those of a session whose objects have names, which is watched without its
 * host's help; NULL tries "framering-target", then "Global\\pfvd". */
FR_API fr_status fr_observer_open(fr_observer **out, const char *runtime_dir, uint32_t target_id,
                                  const fr_log *log);
FR_API void fr_observer_close(fr_observer **observer);

typedef struct fr_observation {
    uint64_t at_ns;    /* CLOCK_MONOTONIC */
    bool has_header;   /* a ring exists; else all below is zero */
    fr_wire_v2 header; /* a checked copy; of version 1 its 64 bytes and the debug block */
    fr_token latest;   /* header.v1.latest, unpacked */
    uint32_t attaches; /* rings seen since the observer opened */
} fr_observation;

/* One look. FR_OK, FR_AGAIN (no ring yet), FR_END (the host is gone), FR_ERR_PROTOCOL (the header is damaged;
 * the log names how). Never blocks. */
FR_API fr_status fr_observer_sample(fr_observer *observer, fr_observation *out);

#ifdef __cplusplus
}
#endif
#endif
