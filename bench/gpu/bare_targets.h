/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_BARE_TARGETS_H
#define FR_BENCH_GPU_BARE_TARGETS_H

#include "probe.h"

/* What bounds `targets`: sources that copy a 4K frame when asked for it, one host that converts what it sees,
 * and nothing of framering. Writes an object. */
enum bare_layout {
    BARE_PROCESSES,        /* a process to each source, and one of the host */
    BARE_SOURCES_TOGETHER, /* all sources are one process's */
    BARE_ALL_TOGETHER      /* and the host's too: no context to change, the bytes alone */
};

struct bare_row {
    uint32_t count;
    bool halves; /* RGBA16F, else BGRA8 */
    enum bare_layout layout;
    uint32_t ahead; /* so many frames a source may be ahead of the host */
};

void bare_targets_run(struct probe *probe, const struct bare_row *row);

#endif
