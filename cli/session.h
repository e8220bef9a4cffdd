/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SESSION_H
#define FR_CLI_SESSION_H

#include "histogram.h"

#include <framering/capture.h>
#include <framering/encode.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    SESSION_FLIPS_MAX = 1024, /* that the summary lists; all are counted */
    SESSION_QUEUE_LIVE = 2,   /* frames that wait for the encoder when the output is not a file */
    SESSION_TARGETS = 64      /* that are tried when none is named */
};

struct session_params {
    char *const *source_argv; /* argv[0] is the path of the program; NULL = the source comes by itself */
    const char *source_kind;
    bool restart;                /* a source that died is started again */
    bool uninvited;              /* the source connects by its target, it inherits nothing */
    bool any_target;             /* the first free target instead of capture.target_id */
    fr_capture_params capture;   /* start_source, cancelled, user, log and the surfaces are ours */
    fr_recorder_params recorder; /* encoded, user and log are ours */
    uint32_t cap_mhz;            /* at most so many fresh frames a second, thousandths; 0 = all */
    bool no_repeats;             /* repeats are not recorded */
    uint64_t for_ns;             /* from the first frame; 0 = until told to stop */
    uint64_t frames;             /* that are recorded; 0 = no limit */
    bool progress;               /* draw the progress line */
};

/* Why a session ended. */
enum session_end {
    SESSION_DONE = 0, /* the time or the frames asked for */
    SESSION_STOPPED,  /* by a signal */
    SESSION_SOURCE_ENDED,
    SESSION_FAILED,
    SESSION_DROPPED /* recover or drop */
};

/* "done", "stopped", "source_ended", "failed", "dropped". */
const char *session_end_name(enum session_end end);

struct session_result {
    enum session_end end;
    fr_status status; /* of a failure */
    bool began;       /* there was a first frame */
    bool bad_options; /* the source refused what it was given */
    uint32_t target_id;
    uint64_t duration_ns;      /* from the first frame to the last look */
    uint64_t setup_ns;         /* from the start to the first frame */
    fr_capture_info info;      /* the last look; its `dropped` is without the start */
    uint64_t dropped_at_start; /* while the encoder opened, before its first packet */
    uint64_t frames_encoded, bytes;
    unsigned restarts;
    fr_flip flips[SESSION_FLIPS_MAX];
    uint64_t num_flips;  /* may be more than are kept */
    uint64_t started_ns; /* CLOCK_MONOTONIC of the first frame */
    struct histogram publish_to_take, take_to_converted, converted_to_encoded; /* ns, fresh frames only */
    double cpu_host, cpu_source, cpu_frame_thread;                             /* percent of one core */
    uint64_t context_switches; /* voluntary, of the whole process */
    uint64_t rss_bytes;        /* at the last look, without the recorder's end */
    const char *encoder_input; /* as fr_recorder_info's; static */
    char encoder_input_reason[160];
    char encoder[64];
    uint64_t hash;
    bool has_hash;
    char **files; /* what was written */
    uint32_t num_files;
};

/* Runs one session to its end, on the calling thread. Every failure has been told when it returns. */
void session_run(const struct session_params *params, struct session_result *out);

void session_result_finish(struct session_result *result);

#endif
