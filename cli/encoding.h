/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_ENCODING_H
#define FR_CLI_ENCODING_H

#include "histogram.h"
#include "thread.h"

#include <framering/encode.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    ENCODING_QUEUE_MAX = 4, /* frames that wait; one more is in the encoder */
    ENCODING_FILES_MAX = 1024
};

/*
 * A recorder on a thread of its own, behind a short queue of frames. The frame thread asks for room before it
 * takes a frame, so that what waits too long is superseded in the ring, where the newest wins. The recorder
 * is used by this thread alone once encoding_start was called.
 */
struct encoding {
    struct thread thread;
    struct lock lock;
    struct condition changed;
    bool started, closing, done;
    fr_recorder *recorder;
    fr_frame queue[ENCODING_QUEUE_MAX];
    unsigned count, capacity;
    fr_status status;      /* the first failure */
    uint64_t frames;       /* encoded */
    fr_recorder_info info; /* `encoder` points to encoder_name */
    char encoder_name[64];
    char *files[ENCODING_FILES_MAX];
    uint32_t num_files;
    struct histogram converted_to_encoded; /* fresh frames only */
};

/* Fills what the encoding needs of the params (`encoded`, `user`) and opens the recorder. queue_len: 1 to
 * ENCODING_QUEUE_MAX frames. */
fr_status encoding_open(struct encoding *encoding, fr_recorder_params *params, unsigned queue_len);

/* When this FFmpeg has no encoder of that name: says so with those that it has, and returns true. */
bool encoding_tell_unknown(const char *name);

/* Starts the thread. */
fr_status encoding_start(struct encoding *encoding);

/* Waits at most timeout_ns for room in the queue; false: there is none. */
bool encoding_room(struct encoding *encoding, uint64_t timeout_ns);

/* How many frames wait now. */
unsigned encoding_waiting(struct encoding *encoding);

/* Queues a frame and owns it; there must be room. */
void encoding_push(struct encoding *encoding, fr_frame *frame);

fr_status encoding_status(struct encoding *encoding);
uint64_t encoding_frames(struct encoding *encoding);

/* The encoder that runs now; "" before the first frame. Returns out. */
char *encoding_name(struct encoding *encoding, char *out, size_t bytes);

/* The file or address that is written now; "" when there is none. Returns out. */
char *encoding_file(struct encoding *encoding, char *out, size_t bytes);

/* Encodes what waits, writes the end of the file, ends the thread. FR_TIMEOUT: it did not end in timeout_ns;
 * the thread still runs, and nothing but the end of the process helps. Else the first failure, or FR_OK. */
fr_status encoding_close(struct encoding *encoding, uint64_t timeout_ns);

/* Frees what encoding_close left for the summary. */
void encoding_finish(struct encoding *encoding);

#endif
