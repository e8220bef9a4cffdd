/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CHILD_H
#define FR_CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A program that this one starts, and what it says.
 *
 * It runs restricted. Everywhere: nothing to read as its input, one pipe as its output and the socket are all
 * that it inherits; no terminal, so that Ctrl-C reaches only us; it ends when we die. Linux: a session of its
 * own, no new privileges by setuid programs, no core files. Windows: a token without privileges, in a job
 * that has one process and ends with us.
 */
struct child {
    int64_t pid;      /* 0 = none */
    intptr_t process; /* pidfd (CHILD_NONE = the kernel has none) or HANDLE */
    intptr_t job;     /* Windows: HANDLE */
    intptr_t output;  /* reads its stdout and stderr */
    char line[512];
    size_t line_bytes;
};

#define CHILD_NONE ((intptr_t)-1)

/* How it ended. */
struct child_exit {
    bool killed;   /* by a signal; Windows: by an exception */
    uint32_t code; /* its exit code, or which signal or exception */
    uint64_t cpu_ns;
};

void child_init(struct child *child);

/* Starts argv[0] (a path). socket_fd (-1: none) becomes its FRAMERING_SOCKET; it stays the caller's. Returns
 * 0 or the system's number of an error. */
int child_start(struct child *child, char *const argv[], int socket_fd);

/* The same for a program that is this one: with our rights where they are more, and free to start programs,
 * which end with it. */
int child_start_trusted(struct child *child, char *const argv[]);

/* "No such file or directory". Returns out. */
char *child_error_text(int error, char *out, size_t bytes);

/* What an invitation of a capture is closed with; -1 is accepted. */
void child_socket_close(int socket_fd);

/* Hands every whole line that the program wrote so far to `line`. Never blocks. */
void child_read(struct child *child, void (*line)(void *user, const char *text), void *user);

/* True once it ended; the child is reaped. Waits at most timeout_ms. */
bool child_wait(struct child *child, int timeout_ms, struct child_exit *out);

/* "was killed by signal 9 (Killed)", "ended with exit code 7". Returns out. */
char *child_exit_text(const struct child_exit *how, char *out, size_t bytes);

/* Lets it end by itself for a moment, then ends it. *out is untouched if there is none. */
void child_end(struct child *child, struct child_exit *out);

/* Frees what is held after the child was reaped. */
void child_finish(struct child *child);

/* Runs a program to its end, at most ten seconds, and keeps what it wrote to its output. False when it could
 * not be started, took longer, or did not exit with 0; `why` then says which, as what follows the program's
 * name: "ended with exit code 7". */
bool child_run(char *const argv[], char *out, size_t bytes, char *why, size_t why_bytes);

/* Goes on as the program argv[0], with our terminal and all that is open: its exit code in *exit_code, or an
 * error's number. Where the system can, it does not return if it succeeds. */
int child_become(char *const argv[], int *exit_code);

/* ---- what linux/child.c and win32/child.c have for child.c ---- */

/* Bytes read, 0 at the end, -1: nothing now. Never blocks. */
int child_read_some(struct child *child, char *out, size_t bytes);

/* Ends it now. */
void child_kill(struct child *child);

#endif
