/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_USAGE_H
#define FR_CLI_USAGE_H

#include <stdint.h>

/* What a process costs. Zero where the system does not say. */
struct process_usage {
    uint64_t cpu_ns;           /* user and system, all its threads */
    uint64_t context_switches; /* voluntary: how often it slept and was woken */
};

void process_usage_self(struct process_usage *out);
uint64_t process_cpu_ns(int64_t pid);

/* Resident memory now, in bytes: our own, with the shared memory that is mapped. */
uint64_t process_rss_bytes(void);

#endif
