/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_COMMANDS_H
#define FR_CLI_COMMANDS_H

/* What the program exits with. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_DROPPED = 3 /* recover or drop: the display did not come back in time */
};

/* Each is one subcommand; argv[0] is its name. They return the exit code. */
int cmd_capture(int argc, char **argv);
int cmd_source(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_selftest(int argc, char **argv);

#endif
