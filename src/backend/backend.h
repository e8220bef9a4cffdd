/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_BACKEND_H
#define FR_BACKEND_BACKEND_H

/*
 * Where pixels live: what capture, the out ring and publish know of it. The callers validate; a backend may
 * assume that sizes, formats and indices are in range. One host object serves one capture, on one thread.
 */

#include "channel/channel.h"
#include "ring/ring.h"

#include <framering/convert.h>
#include <framering/source.h>

/* What became of an attempt to claim a slot: exactly these, told apart by exact codes. */
enum fr_claim {
    FR_CLAIM_ACQUIRED = 0,
    FR_CLAIM_BUSY,      /* somebody else has it: try again later */
    FR_CLAIM_ABANDONED, /* its owner died while it held it: the pixels are unknown, this generation is
                           poisoned */
    FR_CLAIM_FATAL      /* the device is lost */
};

/* One picture of the out ring. */
struct fr_picture {
    void *plane[2]; /* Y, CbCr; NULL when not in memory */
    size_t pitch_bytes[2];
    void *object; /* the backend's own */
};

struct fr_backend_host_ops {
    const char *name;
    uint32_t sync_kind; /* FR_WIRE_SYNC_* */
    /* Two encodes may read one picture at a time. Else a repeat needs a picture that no encode still
     * reads. */
    bool concurrent_read;

    /* The slots of a new ring. Nothing is changed on failure: FR_ERR_NO_MEMORY, FR_ERR_SYSTEM,
     * FR_ERR_DEVICE_LOST. */
    fr_status (*ring_create)(void *self, const struct fr_ring_shape *shape, void **ring);
    void (*ring_destroy)(void *self, void *ring);
    /* Fills the parts of *out that speak of the slots; the handle stays the ring's. */
    void (*ring_describe)(void *self, void *ring, struct fr_delivery *out);

    /* Waits at most timeout_ns where it has to. After FR_CLAIM_ACQUIRED `release` is called exactly once. */
    enum fr_claim (*claim)(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns);
    /* Anything but FR_CLAIM_ACQUIRED poisons the generation. */
    enum fr_claim (*release)(void *self, void *ring, struct fr_ring_host *words, fr_token token);

    /* What turns slots into pictures, for one pair of formats and one size. */
    fr_status (*converter_create)(void *self, const fr_convert_params *params, void **converter);
    void (*converter_destroy)(void *self, void *converter);
    const char *(*converter_name)(void *self, void *converter);
    /* Complete, or on a GPU ordered before whatever the encoder does, when it returns. FR_ERR_DEVICE_LOST. */
    fr_status (*convert)(void *self, void *converter, void *ring, uint32_t slot, struct fr_picture *picture);

    /* Pictures may outlive the host object: destroy takes none. */
    fr_status (*picture_create)(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out);
    void (*picture_destroy)(struct fr_picture *picture);
    /* Only where concurrent_read is false. */
    fr_status (*picture_copy)(void *self, const struct fr_picture *from, struct fr_picture *to);

    void (*destroy)(void *self);
};

struct fr_backend_host {
    const struct fr_backend_host_ops *ops;
    void *self;
};

struct fr_backend_source_ops {
    const char *name;
    /* Opens the slots. Takes delivery->slots over on FR_OK only. FR_ERR_PROTOCOL: memory and delivery
     * disagree; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM; FR_ERR_UNSUPPORTED: a sync kind that this backend has not.
     */
    fr_status (*attach)(void *self, const struct fr_delivery *delivery, void **ring);
    void (*detach)(void *self, void *ring);
    /* Fills pixels, pitch_bytes and memory_* of *out. */
    void (*slot)(void *self, void *ring, uint32_t index, fr_slot *out);
    /* Rings of equal size and format. */
    void (*copy)(void *self, void *from_ring, uint32_t from, void *to_ring, uint32_t to);
    void (*destroy)(void *self);
};

struct fr_backend_source {
    const struct fr_backend_source_ops *ops;
    void *self;
};

#endif
