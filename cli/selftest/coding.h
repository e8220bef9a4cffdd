/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_CODING_H
#define FR_CLI_SELFTEST_CODING_H

/* A few frames through one encoder into a file, and what must be in it. */

#include "files.h"
#include "selftest/selftest.h"

#include <framering/encode.h>

enum { CODING_FRAMES = 12 };

struct coding {
    struct selftest *test;
    const char *encoder;
    fr_codec codec;
    char path[FILES_PATH_MAX];
    fr_recorder *recorder;
    uint32_t frames, width, height;
    fr_status status; /* the first failure */
};

/* An encoder by its name. What is wrong is said by coding_end. */
void coding_begin(struct coding *coding, struct selftest *test, const char *encoder, fr_codec codec);

/* False: enough, or it failed. */
bool coding_put(struct coding *coding, const fr_frame *frame);

/* Closes the file, looks into it, removes it, and gives the row its result. `how` ends the sentence. */
void coding_end(struct coding *coding, const char *how);

#endif
