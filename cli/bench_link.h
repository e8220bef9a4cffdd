/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_LINK_H
#define FR_CLI_BENCH_LINK_H

#include "bench.h"
#include "supervise.h"

/* A capture and a worker that feeds it, with nothing behind them: what the library alone costs. */
struct bench_link {
    struct bench_worker_args worker;
    char *const *argv; /* another source; NULL: the worker */
    struct supervisor supervisor;
    fr_capture *capture;
    int host_cpu, source_cpu; /* where their processes run; -1: where the system wants */
};

/* Opens the capture and starts the source, whose arguments the caller has set. Of `params` start_source,
 * cancelled, user, log and no_socket are ours. False: it failed, and that was told. */
bool bench_link_open(struct bench_link *link, fr_capture_params params);

/* False, and told: the source is gone. */
bool bench_link_is_well(struct bench_link *link);

/* Also after an open that failed, and of a link that is zeroed. */
void bench_link_close(struct bench_link *link);

#endif
