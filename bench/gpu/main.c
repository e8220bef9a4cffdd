/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* framering-bench-gpu: what a GPU can do, and what framering makes of it. Not installed. */

#include "probe.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "probe") == 0)
        return cmd_probe(argc - 1, argv + 1);
    fputs("usage: framering-bench-gpu probe ...\n", stderr);
    return 2;
}
