/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_SYSTEM_H
#define FR_ENCODE_NVENC_SYSTEM_H

/* What NVENC's encoder needs of the system: its library, events, Direct3D devices and textures. */

#include "encode/encoder.h"
#include "encode/nvenc_api.h"

enum {
    FR_NVENC_ANSWER_MS = 2000,   /* the longest wait for one frame; a reset of the GPU begins after 2 s */
    FR_NVENC_REAP_MS = 60 * 1000 /* how long frames without an answer are waited for out of the way */
};

/* The two entry points, and what keeps them loaded. */
struct fr_nvenc_library {
    void *handle;
    NVENCSTATUS(NVENCAPI *get_max_version)(uint32_t *version);
    NVENCSTATUS(NVENCAPI *create_instance)(NV_ENCODE_API_FUNCTION_LIST *functions);
};

enum fr_nvenc_wait { FR_NVENC_SIGNALLED, FR_NVENC_TIMEOUT, FR_NVENC_WAIT_FAILED };

/* A frame's picture as it lies on the GPU; borrowed while the frame is held. */
struct fr_nvenc_picture {
    void *device, *texture;
};

struct fr_nvenc_system {
    void *self;                  /* of all of these */
    uint32_t answer_ms, reap_ms; /* 0: FR_NVENC_ANSWER_MS, FR_NVENC_REAP_MS */

    /* FR_ERR_ENCODER: it is not there, or has not the entry points; `reason` says so. */
    fr_status (*library_open)(void *self, struct fr_nvenc_library *out, char reason[FR_REASON_BYTES]);
    void (*library_close)(void *self, struct fr_nvenc_library *library);

    /* An event that a wait resets; NULL: none to be had. */
    void *(*event_create)(void *self);
    enum fr_nvenc_wait (*event_wait)(void *self, void *event, uint32_t timeout_ms);
    void (*event_destroy)(void *self, void *event);

    /* A device on the adapter of that number, with one reference. FR_END: there is no such adapter; any
     * failure: none on this one. */
    fr_status (*device_create)(void *self, uint32_t adapter, void **device);
    bool (*device_lost)(void *self, void *device);
    /* Of devices and textures. */
    void (*ref)(void *self, void *object);
    void (*unref)(void *self, void *object);
    /* FR_ERR_UNSUPPORTED: the frame lies in memory. */
    fr_status (*picture_of)(void *self, const fr_frame *frame, struct fr_nvenc_picture *out);

    /* Runs `work` on a thread of its own that nobody waits for. False: it does not run. */
    bool (*run_apart)(void *self, void (*work)(void *arg), void *arg);
};

/* This machine. With `self` a path to another library, it is loaded instead of the driver's. */
extern const struct fr_nvenc_system fr_nvenc_native;

/* fr_nvenc_open on another system than this one, which outlives the encoder. */
fr_status fr_nvenc_open_on(const struct fr_nvenc_system *system, struct fr_encoder **out,
                           const struct fr_encoder_row *row, const struct fr_encoder_config *config,
                           char reason[FR_REASON_BYTES]);

#endif
