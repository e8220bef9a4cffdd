/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "where.h"

static const struct args_option options[] = {
    {OPT_WHERE, "--runtime-dir", "DIR",
     "where the sockets of the targets lie; default: $XDG_RUNTIME_DIR/framering", NULL},
};
const struct args_table where_table = {options, sizeof options / sizeof options[0]};
