/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PROGRAM_H
#define FRAMERING_SOURCES_PROGRAM_H

/* What each source program is: a name on stderr, a clock, and an end when it is asked to. */

#include <framering/log.h>

#include <stdbool.h>
#include <stdint.h>

enum { FR_EXIT_DONE = 0, FR_EXIT_FAILED = 1, FR_EXIT_USAGE = 2 };

#define FR_NS_PER_S UINT64_C(1000000000)
#define FR_NS_PER_MS UINT64_C(1000000)

typedef struct fr_program {
    const char *name; /* "framering-source-pattern" */
    bool verbose;
} fr_program;

#if defined(__MINGW32__) && !defined(__clang__)
#define FR_PROGRAM_PRINTF(format_at, args_at) __attribute__((format(gnu_printf, format_at, args_at)))
#elif defined(__GNUC__)
#define FR_PROGRAM_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define FR_PROGRAM_PRINTF(format_at, args_at)
#endif

/* To be called first: the command line in UTF-8, whatever the system had it in. */
void fr_program_arguments(int *argc, char ***argv);

/* Writes "name: sentence" and a newline to stderr, in one piece. */
void fr_program_say(const fr_program *program, const char *format, ...) FR_PROGRAM_PRINTF(2, 3);

/* A log that writes to stderr: warnings and errors, or everything when verbose. `program` must outlive it. */
fr_log fr_program_log(const fr_program *program);

/* From now on SIGINT and SIGTERM (on Windows Ctrl-C, Ctrl-Break and the closing of the console) only make
 * fr_program_stopped true, and SIGPIPE does nothing. */
void fr_program_start(void);
bool fr_program_stopped(void);

/* Sleeps; what ends the program ends the sleep too. */
void fr_sleep_ns(uint64_t duration_ns);

#endif
