/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_SELFTEST_H
#define FR_CLI_SELFTEST_SELFTEST_H

/*
 * `framering selftest`: proves this machine, row by row.
 *
 * Every row runs in a process of its own, `framering selftest --row AREA/NAME`, which the first process ends
 * when the row takes longer than its bound: a driver that does not return cannot take the rest along. A row
 * that needs two processes starts a peer, `framering selftest --peer NAME ...`. What they tell each other and
 * the first process are lines on their output.
 *
 * Rows use the library as a program does, by its public headers. Those that look at the system itself (does a
 * keyed mutex time out as it must?) call the system, not the library.
 */

#include "child.h"

#include <framering/log.h>
#include <framering/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum selftest_outcome { SELFTEST_NO_ANSWER = 0, SELFTEST_PASS, SELFTEST_FAIL, SELFTEST_NOT_AVAILABLE };

/* "pass", "fail", "not available", "no answer". */
const char *selftest_outcome_name(enum selftest_outcome outcome);

enum { SELFTEST_TEXT_MAX = 360, SELFTEST_PEER_WORDS = 8 };

/* One row while it runs, in its own process. */
struct selftest {
    const void *with; /* the row's */
    enum selftest_outcome outcome;
    bool has_code;
    uint32_t code;                     /* the HRESULT or Win32 error that decided */
    char text[SELFTEST_TEXT_MAX];      /* one sentence */
    char last_log[SELFTEST_TEXT_MAX];  /* the last warning or error of the library */
    char coded_log[SELFTEST_TEXT_MAX]; /* the last one that names a failed HRESULT */
};

struct selftest_row {
    const char *area, *name;
    const char *what;  /* that is proven, in a few words */
    uint32_t bound_ms; /* longer is a failure */
    bool on_request;   /* only where --allow-hdr-flip says so: it changes what a person sees */
    void (*run)(struct selftest *test);
    const void *with; /* for `run`, as selftest.with */
};

/* The other process of a row: its arguments, after the name. Returns the exit code. */
struct selftest_peer {
    const char *name;
    int (*run)(int argc, char **argv);
};

struct selftest_rows {
    const struct selftest_row *row;
    size_t count;
};

/* In the order in which they run; ends with NULL. areas_linux.c, areas_win32.c. */
extern const struct selftest_rows *const selftest_areas[];
/* Ends with a NULL name. */
extern const struct selftest_peer selftest_peers[];

/* ---- in a row ---- */

/* What came out, as one sentence, without a final stop. The first word of a row counts: what is said after a
 * failure is not heard. */
void selftest_pass(struct selftest *test, const char *format, ...);
void selftest_fail(struct selftest *test, const char *format, ...);
void selftest_not_available(struct selftest *test, const char *format, ...);
/* The code that goes with the next of these. */
void selftest_code(struct selftest *test, uint32_t code);

/* The library's log: written for the report, and its last complaint kept. */
fr_log selftest_log(struct selftest *test);

/* A line for the report, nothing else. */
void selftest_note(const char *format, ...);

/* The last complaint of the library, else the status in words. */
const char *selftest_reason(const struct selftest *test, fr_status status);
/* The last complaint that names a failed HRESULT, whose code goes with the result; else as selftest_reason.
 */
const char *selftest_coded_reason(struct selftest *test, fr_status status);

/* "E_NOINTERFACE"; "" when it has no name here. */
const char *selftest_code_name(uint32_t code);

/* ---- the two processes of a row ---- */

enum { PEER_LINES = 16 };

struct peer {
    struct child child;
    char said[PEER_LINES][SELFTEST_TEXT_MAX]; /* its lines for us; more are noted only */
    unsigned lines, heard;
};

/* No process. */
void peer_init(struct peer *peer);

/* Starts the peer `name`; words end with NULL. False: it does not start, and the row has failed. socket_fd as
 * child_start's. */
bool peer_start(struct selftest *test, struct peer *peer, const char *name, const char *const *words,
                int socket_fd);

/* Waits for the peer's next line "WORD ...", passing over others; what follows the word, or NULL: it said
 * that it failed or cannot, it ended, or timeout_ms passed. Then the row has its result. */
const char *peer_expect(struct selftest *test, struct peer *peer, const char *word, int timeout_ms);

/* Collects what it has said. */
void peer_read(struct peer *peer);
/* Ends the row if this line says that the peer failed or cannot. False: it says nothing of that kind. */
bool peer_concludes(struct selftest *test, const char *line);

/* Ends it at once, as a crash would; nothing of it runs any more when this returns. */
void peer_kill(struct peer *peer);
/* True when it ended by itself with 0 within timeout_ms. Frees it in any case. */
bool peer_finish(struct peer *peer, int timeout_ms);

/* In the peer: says a line to its row. */
void peer_say(const char *format, ...);
/* The row fails with this sentence. Returns 1, an exit code. */
int peer_failed(const char *format, ...);
/* The row is not available, with this code and sentence. Returns 1. */
int peer_cannot(uint32_t code, const char *format, ...);
/* The peer's log goes to its row. */
fr_log peer_log(void);

/* ---- the row or peer process: what --row and --peer do ---- */

int selftest_run_row(const char *name);
int selftest_run_peer(int argc, char **argv);

#endif
