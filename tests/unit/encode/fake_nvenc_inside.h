/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_NVENC_INSIDE_H
#define FR_TEST_FAKE_NVENC_INSIDE_H

/* What the files of the fake share. */

#include "fake_nvenc.h"

enum { MAX_SESSIONS = 8, MAX_THINGS = 24 };

/* An output buffer and the frame that is encoded into it. */
struct output {
    bool used, locked, in_flight, submitted, complete;
    uint32_t polls_left;
    uint64_t order;
    void *event;
    struct input *input;
    struct resource *resource;
    uint64_t time;
    NV_ENC_PIC_TYPE type;
    uint8_t *bytes;
    uint32_t size;
    uint8_t *picture; /* what was read of CUDA's memory */
};

struct input {
    bool used, locked;
    uint32_t in_flight;
    NV_ENC_BUFFER_FORMAT format;
    uint32_t pitch, height;
    uint8_t *pixels;
};

struct resource {
    bool used;
    void *texture;
    uint32_t height, pitch, maps, in_flight;
    NV_ENC_BUFFER_FORMAT format;
};

struct session {
    bool open, initialized, async, flushed, begun;
    uint32_t number;
    void *device;
    struct output output[MAX_THINGS];
    struct input input[MAX_THINGS];
    struct resource resource[MAX_THINGS];
    void *known[64]; /* textures that were ever registered */
    uint32_t num_known;
    void *event[MAX_THINGS];
    uint64_t submitted, taken; /* orders */
    NV_ENC_CONFIG config;
    GUID codec;
    uint32_t width, height;
};

extern struct fake_nvenc fake;
extern struct session fake_sessions[MAX_SESSIONS];

void fake_expect(bool good, const char *otherwise);
/* Counts a call of the API. True: it shall fail, with *status. */
bool fake_fails(NVENCSTATUS *status);
struct session *fake_session_of(void *encoder, bool initialized);
bool fake_is_registered(const struct session *s, const void *event);

/* FAKE_H264...; 0: unknown. */
unsigned fake_bit_of(const GUID *codec);

/* Units of the right types with nothing in them: parameter sets; a whole frame. */
size_t fake_mark_sets(const struct fake_input *in, uint8_t *out);
size_t fake_mark(const struct fake_input *in, uint8_t *out);

/* The calls of fake_nvenc_encode.c. */
NVENCSTATUS NVENCAPI fake_encode_picture(void *encoder, NV_ENC_PIC_PARAMS *params);
NVENCSTATUS NVENCAPI fake_lock_output(void *encoder, NV_ENC_LOCK_BITSTREAM *params);
NVENCSTATUS NVENCAPI fake_unlock_output(void *encoder, NV_ENC_OUTPUT_PTR buffer);
NVENCSTATUS NVENCAPI fake_get_sequence(void *encoder, NV_ENC_SEQUENCE_PARAM_PAYLOAD *params);

#endif
