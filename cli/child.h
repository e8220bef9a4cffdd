/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CHILD_H
#define FR_CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A program that this one starts, and what it says.
 *
 * It runs restricted: nothing but /dev/null as its input, one pipe as its output, and the socket are open; a
 * session of its own without a terminal, so that Ctrl-C reaches only us; no new privileges by setuid
 * programs; no core files; it gets SIGTERM when we die.
 */
struct child {
    pid_t pid;     /* 0 = none */
    int pidfd;     /* readable once it ended; -1 = the kernel has none */
    int output_fd; /* its stdout and stderr, non-blocking; -1 = none */
    char line[512];
    size_t line_bytes;
};

/* Starts argv[0] (a path). socket_fd (-1: none) becomes its FRAMERING_SOCKET; it stays the caller's. Returns
 * 0 or an errno. */
int child_start(struct child *child, char *const argv[], int socket_fd);

/* Hands every whole line that the program wrote so far to `line`. Never blocks. */
void child_read(struct child *child, void (*line)(void *user, const char *text), void *user);

/* True once it ended: *wait_status as of waitpid, *cpu_ns its CPU time; the child is reaped. Waits at most
 * timeout_ms. */
bool child_wait(struct child *child, int timeout_ms, int *wait_status, uint64_t *cpu_ns);

/* Lets it end by itself for a moment, then SIGTERM, after one second SIGKILL. */
void child_end(struct child *child, int *wait_status, uint64_t *cpu_ns);

/* Frees the descriptors after the child was reaped. */
void child_finish(struct child *child);

/* Runs a program to its end, at most two seconds, and keeps what it wrote to its output. False when it could
 * not be started, took longer, or did not exit with 0. */
bool child_run(char *const argv[], char *out, size_t bytes);

#endif
