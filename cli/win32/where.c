/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "where.h"

static const struct args_option options[] = {
    {OPT_WHERE, "--name-prefix", "TEXT",
     "how the names of the pipes begin, or, with a \\ in it, those of the objects; default: "
     "framering-target, then Global\\pfvd",
     NULL},
};
const struct args_table where_table = {options, sizeof options / sizeof options[0]};
