/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_BENCH_STAGES_H
#define FR_CLI_BENCH_STAGES_H

#include "bench.h"

/* The stages of a session, each by itself: what a session costs at least. Microseconds, medians. */
struct bench_stages {
    double wake_us;    /* to wake another process by the barest means, one way */
    double convert_us; /* the same conversion, over and over, of a picture in our own memory */
    double encode_us;  /* frames of the same source, into the same kind of file, one after the other */
};

/* To be called while the program has one thread. False: it failed, and that was told. */
bool bench_stages_wake(struct bench_stages *out);

/* The others. argv: the source's; info: of a session that ran; url: a file to write. */
bool bench_stages_rest(struct bench_stages *out, char *const *argv, const fr_capture_info *info,
                       const char *url);

#endif
