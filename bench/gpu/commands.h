/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_COMMANDS_H
#define FR_BENCH_GPU_COMMANDS_H

/* The subcommands: the exit status. */

int cmd_probe(int argc, char **argv);
int cmd_handoff(int argc, char **argv);
int cmd_readback(int argc, char **argv);
int cmd_targets(int argc, char **argv);

#endif
