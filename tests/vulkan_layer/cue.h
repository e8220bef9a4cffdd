/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef VULKAN_LAYER_CUE_H
#define VULKAN_LAYER_CUE_H

/* What the program is told while it runs, by signals. They wait until it looks, and interrupt nothing of what
 * lies below it. */

#include <stdbool.h>
#include <stdint.h>

/* Before there is another thread: it would have them. */
void cue_begin(void);

/* Sleeps for so long. True: sooner, as SIGINT says that it is enough. */
bool cue_sleep(uint64_t ns);

/* True once for each SIGUSR1 that a sleep has met. */
bool cue_take(void);

#endif
