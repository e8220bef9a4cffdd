/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WHERE_H
#define FR_CLI_WHERE_H

#include "args.h"

/* The option by which a person names where targets are, and nothing where there is but one place: for
 * `runtime_dir` of the library's functions. linux/where.c, win32/where.c. */

enum { OPT_WHERE = 1000 };

extern const struct args_table where_table;

#endif
