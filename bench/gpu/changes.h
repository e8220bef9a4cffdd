/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_CHANGES_H
#define FR_BENCH_GPU_CHANGES_H

#include "probe.h"

/* What it costs the GPU to change from one process to another: 1 to 16 processes that each submit a number of
 * copies at once and do no more before all of them have seen theirs done. Writes an array. */
void changes_run(struct probe *probe);

#endif
