/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_TERMINAL_H
#define FR_CLI_TERMINAL_H

#include <stdbool.h>

/* What a person sees: linux/terminal.c, win32/terminal.c. */

enum terminal_stream { TERMINAL_IN = 0, TERMINAL_OUT = 1, TERMINAL_ERR = 2 };

/* To be called first: the command line in UTF-8, and streams that write what they are given. */
void terminal_init(int *argc, char ***argv);

/* True when a person reads there (or writes), and escape sequences work. */
bool terminal_is(enum terminal_stream stream);

/* Columns of the terminal at stderr; 80 when unknown. */
int terminal_columns(void);

/* The value of an environment variable in UTF-8, or NULL when it is not set or empty. Valid until the next
 * call. One thread. */
const char *terminal_variable(const char *name);

#endif
