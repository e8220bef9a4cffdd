/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SAY_H
#define FR_CLI_SAY_H

#include <framering/log.h>

#include <stdbool.h>

/* Lets the compiler check a format against its arguments. mingw has two printfs, and we use the C standard's.
 */
#if defined(__MINGW32__)
#define SAY_PRINTF(at, first) __attribute__((format(gnu_printf, at, first)))
#elif defined(__GNUC__)
#define SAY_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define SAY_PRINTF(at, first)
#endif

/*
 * Everything that goes to stderr: one sentence a line, "framering: ...", and below them the progress line of
 * a terminal, which no sentence garbles. Any thread.
 */

/* Nothing above the level is written. At the start: FR_LOG_INFO. */
void say_set_level(fr_log_level level);
fr_log_level say_level(void);

void say(fr_log_level level, const char *format, ...) SAY_PRINTF(2, 3);

/* A line of another program, as it is. */
void say_foreign(const char *line);

/* The sink for library objects. */
fr_log say_log(void);

/* Until say_release the first error of a library is kept, not written: the caller may know the cause better.
 * say_release(true) writes it and returns true if there was one. */
void say_hold(void);
bool say_release(bool write_it);

/* How many errors were written, so that no failure is told twice nor never. */
unsigned say_errors(void);

/* Draws the progress line, or removes it (NULL). Only for a terminal. */
void say_progress(const char *line);
bool say_is_terminal(void);

#endif
