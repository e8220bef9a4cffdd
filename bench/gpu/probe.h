/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_PROBE_H
#define FR_BENCH_GPU_PROBE_H

/* `framering-bench-gpu probe`: what a device can do at best, before any of the library's code runs. */

#include "gpu.h"
#include "json.h"

struct probe {
    const char *device;
    bool quick; /* small frames and few rounds: does it work at all */
    struct json json;
};

/* What getopt_long gave for one of those that every subcommand has: --device ('d'), --out ('o'; *folder lies
 * in argv), --quick ('q'). False: it is another. */
bool probe_option(struct probe *probe, int option, const char **folder);

/* A subcommand with the options --device, --out and --quick: `run` fills that file of the folder. The exit
 * status. False of `run`: the device could not be opened. */
int probe_file(int argc, char **argv, const char *name, bool (*run)(struct probe *probe));

struct probe_size {
    const char *name;
    uint32_t width, height;
};
enum { PROBE_SIZES = 2 };
/* 4K and 8K; small ones where it has to be quick. */
const struct probe_size *probe_sizes(const struct probe *probe);

/* Each writes members of an open object. False: the device could not be opened. */
bool probe_device(struct probe *probe);
bool probe_copy(struct probe *probe);
bool probe_fetch(struct probe *probe);
bool probe_image(struct probe *probe);
bool probe_submit(struct probe *probe);
bool probe_handoff(struct probe *probe);
bool probe_push(struct probe *probe);

#endif
