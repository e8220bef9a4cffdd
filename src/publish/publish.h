/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_PUBLISH_PUBLISH_H
#define FR_PUBLISH_PUBLISH_H

/* The source's state machine: attach, publish, stale, republish. Sees the machine only through tables. */

#include "backend/backend.h"
#include "channel/channel.h"
#include "os/os.h"
#include "ring/ring.h"

#include <framering/source.h>

/* How often a waiting source beats its heart. */
#define FR_SOURCE_BEAT_NS (500 * FR_NS_PER_MS)
/* The longest wait for a slot that the host's GPU still reads. */
#define FR_SOURCE_ACQUIRE_NS (16 * FR_NS_PER_MS)
#define FR_SOURCE_NO_WAIT UINT64_MAX

enum { FR_SOURCE_BACKENDS = 2 };

/* Taken over by the source, also when opening fails. */
struct fr_source_env {
    struct fr_os os;
    struct fr_source_channel channel;
    /* Each ring is opened by the first one that can; ops NULL: none. */
    struct fr_backend_source backend[FR_SOURCE_BACKENDS];
    uint64_t acquire_wait_ns; /* 0 = FR_SOURCE_ACQUIRE_NS; FR_SOURCE_NO_WAIT */
    uint32_t pid;
};

/* One attached ring. */
struct fr_attachment {
    bool present;
    struct fr_memory header;
    struct fr_event event;
    const struct fr_backend_source *backend;
    void *slots; /* the backend's */
    bool begun;  /* the slot that is held was begun in the backend too */
    struct fr_ring_source ring;
    struct fr_ring_shape shape;
};

struct fr_source {
    struct fr_source_env env;
    fr_source_params params;
    fr_display_descriptor display;
    fr_wire_metadata metadata;
    struct fr_attachment current;
    struct fr_attachment previous; /* kept for its last picture until the current ring has one */
    uint64_t last_present_ns;      /* of that picture */
    bool outdated;                 /* a newer one was lost since: it found no ring or slot */
    bool wants_frame;              /* the current ring was attached empty, and the caller has not been told */
    bool mismatching;              /* inside an episode of frames that do not fit */
    uint32_t loop_entries;         /* as fr_source_note_loop said; 0 = nothing said */
    fr_source_info total;          /* counts of rings that are gone, and what does not belong to a ring */
};

/* fr_source_open on the given tables. */
fr_status fr_source_open_env(fr_source **out, const fr_source_params *params,
                             const struct fr_source_env *env);

/* Destroys the parts that are there. */
void fr_source_env_finish(struct fr_source_env *env);

/* attach.c */

/* Opens the delivered ring and makes it the current one; on failure the current one stays as it was.
 * FR_REATTACHED: draw; FR_OK: the last picture was published again; FR_AGAIN: an older delivery, ignored;
 * failures as logged. Takes the delivery's handles over. */
fr_status fr_source_attach_ring(fr_source *source, const struct fr_delivery *delivery);

/* Lets go of the current ring, keeping it for its picture if it has one. */
void fr_source_detach(fr_source *source);

void fr_attachment_finish(fr_source *source, struct fr_attachment *attachment);

/* publish.c: there is a ring, and its host still uses it. */
bool fr_source_usable(const fr_source *source);
/* The same, asked by who has a frame: if not, that frame is lost. */
bool fr_source_takes_frames(fr_source *source);

/* publish.c: whether a picture fits the current ring. One that does not is counted, and logged once per
 * episode. */
bool fr_source_fits(fr_source *source, uint32_t width, uint32_t height, fr_format format);

/* publish.c: what the HELLO says: the ways in which this source can take slots, FR_CAP_*, and its GPU. */
uint64_t fr_source_capabilities(const struct fr_source_env *env);
struct fr_gpu fr_source_gpu(const struct fr_source_env *env);

/* Gives the slot that is held back, unpublished. Without one it does nothing. */
void fr_attachment_cancel(struct fr_attachment *attachment);

/* publish.c: the newest picture of `previous` into the current ring. False: it does not fit, or there is
 * none. */
bool fr_source_republish(fr_source *source);

#endif
