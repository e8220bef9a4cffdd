/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_BARE_TARGETS_H
#define FR_BENCH_GPU_BARE_TARGETS_H

#include "handoff.h"

/* What `targets` measures, with nothing of framering: `count` source processes copy a 4K BGRA8 image each
 * when asked, threads of one host process convert. `alone`: the sources copy as fast as they go, and there is
 * no host. Writes an object. */
void bare_targets_run(struct probe *probe, uint32_t count, bool alone);

#endif
