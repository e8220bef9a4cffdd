/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_NVENC_H
#define FR_TEST_FAKE_NVENC_H

/*
 * A library of NVENC's that encodes nothing, but watches how it is used: versions, order, pairs, and what it
 * was told. It breaks off nowhere; the first thing that was wrong stands in `wrong`.
 */

#include "encode/nvenc_api.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_H264 = 1, FAKE_HEVC = 2, FAKE_AV1 = 4 };

struct fake_pair {
    uint32_t made, undone;
};

/* One frame that shall be encoded. */
struct fake_input {
    uint32_t session; /* its number, from 1 */
    const NV_ENC_CONFIG *config;
    GUID codec;
    NV_ENC_BUFFER_FORMAT format;
    uint32_t width, height; /* coded */
    const uint8_t *plane[2];
    size_t pitch_bytes;
    uint64_t time;
    bool keyframe, with_sets; /* parameter sets in front */
};

struct fake_nvenc {
    /* What it is like; all zero but for `codecs`: everything works at once. */
    uint32_t max_version; /* 0: the header's */
    unsigned codecs;
    bool cuda; /* its user is FFmpeg's wrapper, on CUDA: no events, locks that wait, addresses for textures */
    bool no_ten_bit, no_async, no_custom_vbv, lacks_a_function;
    int max_width;     /* 0: 4096 */
    const char *words; /* of the driver, about its last error; NULL: none */
    /* Call number fail_call (from 1) fails; what it undoes is undone all the same. */
    uint32_t fail_call;
    NVENCSTATUS fail_status;
    bool failed_open_leaves_handle;
    uint32_t busy;    /* EncodePicture says so many times that it is busy */
    uint32_t polls;   /* without events: LockBitstream does so for each frame */
    bool parts;       /* and hands out parts meanwhile */
    bool more_input;  /* takes a frame in only with the next one */
    bool stalled;     /* no frame is ever complete */
    bool lost;        /* the device went away: what is under the encoder may be freed */
    bool own_signals; /* completes at once, and signals itself; else fake_nvenc_complete does */
    void (*signal)(void *event);
    bool (*has_nvenc)(void *device);                                        /* NULL: every device */
    bool (*read)(void *out, const void *address, size_t bytes);             /* of CUDA */
    const uint8_t *(*pixels_of)(void *texture, size_t *pitch_bytes);        /* NULL: textures have none */
    size_t (*code)(const struct fake_input *in, uint8_t *out, size_t room); /* NULL: marks, no pictures */
    size_t (*code_sets)(const struct fake_input *in, uint8_t *out, size_t room); /* likewise */

    /* What happened. */
    const char *wrong;
    uint32_t calls;
    struct fake_pair libraries; /* counted by whoever loads it */
    struct fake_pair sessions, outputs, inputs, input_locks, locks, resources, maps, events;
    uint32_t registrations_of_known; /* textures that were registered before in the same session */
    uint32_t frames, keyframes, flushes;
    NV_ENC_INITIALIZE_PARAMS init; /* of the newest session */
    NV_ENC_CONFIG config;
    NV_ENC_PIC_PARAMS picture;         /* the newest frame's */
    NV_ENC_REGISTER_RESOURCE resource; /* the newest */
    void *device;                      /* of the newest session */
};

/* The one that the functions below work on. */
struct fake_nvenc *fake_nvenc(void);

/* Forgets sessions, counts and wishes. */
void fake_nvenc_reset(void);

NVENCSTATUS NVENCAPI fake_nvenc_get_max_version(uint32_t *version);
NVENCSTATUS NVENCAPI fake_nvenc_create_instance(NV_ENCODE_API_FUNCTION_LIST *functions);

/* Every frame that was taken in becomes complete, unless it stalls. */
void fake_nvenc_complete(void);

bool fake_nvenc_is_mapped(const void *texture);

/* Everything that was made was undone. */
bool fake_nvenc_balanced(void);

#endif
