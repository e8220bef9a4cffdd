/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SUPERVISE_H
#define FR_CLI_SUPERVISE_H

#include "child.h"

#include <framering/capture.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Looks after the source that a session started: passes on what it says, notices its end, starts it again.
 * One thread.
 *
 * The first restart is tried at once, the next after 0.5 s, and so on up to 5 s; a source that ran for ten
 * seconds starts from the beginning. One that was started five times without showing a frame is given up.
 */
struct supervisor {
    char *const *argv; /* argv[0] is the program's path; NULL = no source of ours */
    const char *kind;  /* for the sentences */
    bool restart;      /* false: its death ends the session */
    bool uninvited;    /* it finds its host by itself */
    struct child child;
    uint64_t started_ns, restart_at_ns; /* restart_at_ns 0 = none is due */
    unsigned failures;                  /* ends in a row */
    unsigned barren;                    /* ends in a row without a frame between */
    unsigned restarts;
    uint64_t cpu_ns; /* of children that were reaped */
    bool ended;      /* exited with 0: the session ends in order */
    bool failed;     /* died, and is not to be started again */
    bool spoke;      /* it wrote something since it was started */
    bool attached;   /* the session has had its first frame */
    bool delivered;  /* a fresh frame came since it was started */
    int exit_code;   /* of the last end; -1 = a signal, or none yet */
    char last_line[512];
};

void supervisor_init(struct supervisor *supervisor, char *const *argv, const char *kind, bool restart);

/* For fr_capture_params.start_source. Owns the descriptor (-1: none). */
fr_status supervisor_start(struct supervisor *supervisor, int socket_fd);

/* Passes lines on and notices an end. Never blocks, calls nothing of the capture. True when the session has
 * something to do: `ended`, `failed`, or a restart is due. */
bool supervisor_watch(struct supervisor *supervisor, uint64_t now_ns);

/* Starts the source again if that is due. */
void supervisor_restart(struct supervisor *supervisor, fr_capture *capture, uint64_t now_ns);

/* How long to wait before restart number `failures` (from 1). */
uint64_t supervisor_backoff_ns(unsigned failures);

/* CPU time of all children so far. */
uint64_t supervisor_cpu_ns(const struct supervisor *supervisor);

/* Ends the child, after the capture was closed. */
void supervisor_finish(struct supervisor *supervisor);

#endif
