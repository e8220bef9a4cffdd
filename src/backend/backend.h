/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_BACKEND_H
#define FR_BACKEND_BACKEND_H

/*
 * Where pixels live: what capture, the out ring and publish know of it. The callers validate; a backend may
 * assume that sizes, formats and indices are in range. One host object serves one capture, on one thread;
 * only picture_map and picture_destroy are called on others.
 */

#include "channel/channel.h"
#include "common/parts.h"
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

/* How what lies in a ring's slots comes to the converter. */
enum fr_ring_path {
    FR_RING_PATH_DIRECT = 0, /* it reads them where they lie */
    FR_RING_PATH_IMPORT,     /* a GPU reads the shared memory */
    FR_RING_PATH_UPLOAD      /* each frame is copied from the shared memory to a GPU */
};

/* One picture of the out ring. */
struct fr_picture {
    void *plane[2]; /* Y, CbCr; NULL when not in memory */
    size_t pitch_bytes[2];
    void *object; /* the backend's own */
};

/* What the slots of a coming generation shall be. */
struct fr_ring_request {
    struct fr_ring_shape shape;
    uint32_t wire_version; /* 1: no slot states, keyed mutexes alone */
    uint32_t generation;
    uint64_t capabilities;                /* of the source, FR_CAP_*; at least one is the backend's too */
    struct fr_gpu gpu;                    /* of the source */
    const struct fr_host_channel *naming; /* object_name names shareable objects */
};

struct fr_backend_host_ops {
    const char *name;
    /* Two encodes may read one picture at a time. Else a repeat needs a picture that no encode still
     * reads. */
    bool concurrent_read;

    /* The slots of a new ring. A device that was lost is made anew first. Nothing is changed on failure:
     * FR_ERR_NO_MEMORY, FR_ERR_SYSTEM, FR_ERR_DEVICE_LOST, FR_ERR_TARGET_BUSY (a name is taken);
     * FR_ERR_UNSUPPORTED: never on this machine, or never with this source, the log says why. */
    fr_status (*ring_create)(void *self, const struct fr_ring_request *request, void **ring);
    void (*ring_destroy)(void *self, void *ring);
    /* Fills the parts of *out that speak of the slots, slots_kind and sync_kind among them; the handles stay
     * the ring's. */
    void (*ring_describe)(void *self, void *ring, struct fr_delivery *out);
    /* Never changes. NULL: FR_RING_PATH_DIRECT, always. */
    enum fr_ring_path (*ring_path)(void *self, void *ring);

    /* Waits at most timeout_ns where it has to. After FR_CLAIM_ACQUIRED `release` is called exactly once.
     * BUSY: the slot is as it was. */
    enum fr_claim (*claim)(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns);
    /* Anything but FR_CLAIM_ACQUIRED poisons the generation. */
    enum fr_claim (*release)(void *self, void *ring, struct fr_ring_host *words, fr_token token);

    /* Which device is in force; another number when pictures and converters of before cannot be used any
     * more. Changed by ring_create only. */
    uint32_t (*device_serial)(void *self);
    /* Uses the adapter of this LUID from the next ring_create on. FR_ERR_UNSUPPORTED: there is no such
     * adapter, or it is the one in use. */
    fr_status (*rebind)(void *self, uint32_t luid_low, int32_t luid_high);

    /* What turns slots into pictures, for one pair of formats and one size. */
    fr_status (*converter_create)(void *self, const fr_convert_params *params, void **converter);
    void (*converter_destroy)(void *self, void *converter);
    const char *(*converter_name)(void *self, void *converter);
    /* Of a slot that is claimed, at most once for each claim. Complete, or on a GPU ordered before whatever
     * the encoder does, when it returns. `parts`: all that the picture lacks of the slot, to be converted at
     * least, which may be nothing; NULL: the picture holds nothing yet. Each part begins at an even column
     * and row and ends at one, or at the picture's edge; the chroma that what changed has a share in is
     * inside. FR_ERR_DEVICE_LOST. */
    fr_status (*convert)(void *self, void *converter, void *ring, uint32_t slot, const struct fr_parts *parts,
                         struct fr_picture *picture);

    /* Pictures may outlive the host object: map and destroy take none. */
    fr_status (*picture_create)(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out);
    void (*picture_destroy)(struct fr_picture *picture);
    /* As fr_frame_map; fills *out's planes. Any thread; several at a time for one picture. */
    fr_status (*picture_map)(const struct fr_picture *picture, struct fr_picture *out);
    /* Only where concurrent_read is false. */
    fr_status (*picture_copy)(void *self, const struct fr_picture *from, struct fr_picture *to);

    void (*destroy)(void *self);
};

struct fr_backend_host {
    const struct fr_backend_host_ops *ops;
    void *self;
    uint64_t capabilities; /* FR_CAP_*: the kinds of ring that it makes */
};

/* Why a source's backend could not open a ring: what the host is told. */
struct fr_attach_fault {
    uint32_t status; /* FR_WIRE_STATUS_* */
    uint32_t detail; /* HRESULT or errno */
};

struct fr_backend_source_ops {
    const char *name;
    /* Opens the slots. Takes delivery->slots, textures and fences over on FR_OK only. Else *fault says more:
     * FR_ERR_PROTOCOL: memory and delivery disagree; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM; FR_ERR_UNSUPPORTED: a
     * kind that this backend has not; FR_ERR_DEVICE_LOST; FR_ERR_ADAPTER_MISMATCH. */
    fr_status (*attach)(void *self, const struct fr_delivery *delivery, void **ring,
                        struct fr_attach_fault *fault);
    /* Nothing that was submitted for a slot is under way when memory goes; what does not end stays. */
    void (*detach)(void *self, void *ring);
    /* The adapter that it renders on; zero: none, or not known. */
    void (*adapter)(void *self, uint32_t *luid_low, int32_t *luid_high);
    /* Its Vulkan device, for the HELLO. NULL: it has none. */
    void (*gpu)(void *self, struct fr_gpu *out);
    /* The slot may be written from now on; the state word has been claimed (version 2). `retire_value`: what
     * the record says. Waits at most timeout_ns. After ACQUIRED `end` is called exactly once. */
    enum fr_claim (*begin)(void *self, void *ring, uint32_t index, uint64_t retire_value,
                           uint64_t timeout_ns);
    /* The slot is complete, but for what a program submitted for it: *ready_value, for the record, says when
     * that is. NULL: it is given up, and nothing of the program's is under way. Anything but ACQUIRED: the
     * frame may not be published. */
    enum fr_claim (*end)(void *self, void *ring, uint32_t index, uint64_t *ready_value);
    /* Fills pixels, pitch_bytes, memory_* or texture of *out. */
    void (*slot)(void *self, void *ring, uint32_t index, fr_slot *out);
    /* Rings of equal size and format, of this backend; `to` is between begin and end, and `from` was
     * published. False: not copied. */
    bool (*copy)(void *self, void *from_ring, uint32_t from, void *to_ring, uint32_t to);
    /* Its device went away, for ever; found by whatever call. NULL: it has none. */
    bool (*is_lost)(void *self);
    void (*destroy)(void *self);
};

struct fr_backend_source {
    const struct fr_backend_source_ops *ops;
    void *self;
    uint64_t capabilities; /* FR_CAP_*: the kinds of ring that it opens */
};

#endif
