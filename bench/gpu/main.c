/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* framering-bench-gpu: what a GPU can do, and what framering makes of it. Not installed. */

#include "commands.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } commands[] = {
        {"probe", cmd_probe}, {"handoff", cmd_handoff}, {"readback", cmd_readback}, {"targets", cmd_targets}};
    for (size_t i = 0; argc >= 2 && i < sizeof commands / sizeof *commands; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fputs("usage: framering-bench-gpu probe|handoff|readback|targets [--device NAME] [--quick] [--out "
          "FOLDER]\n",
          stderr);
    return 2;
}
