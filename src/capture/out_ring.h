/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_OUT_RING_H
#define FR_CAPTURE_OUT_RING_H

/* The host's own pictures, which encoders read. Each is free again when its last frame is released, on
 * whatever thread; the out ring itself lives as long as the capture or any frame of it. */

#include "backend/backend.h"

#include <framering/frame.h>

#define FR_OUT_SURFACES_MAX 16u

struct fr_out_ring;

struct fr_surface {
    uint32_t refs; /* frames that callers hold */
    struct fr_out_ring *ring;
    struct fr_picture picture;
    uint64_t holds; /* the frame that it shows, as in damage.h; the capture's */
};

struct fr_out_ring {
    uint32_t refs; /* the capture, and each surface with refs */
    uint32_t count;
    uint32_t width, height;
    fr_format format;
    uint32_t next; /* where the search for a free one starts: surfaces rotate */
    void (*picture_destroy)(struct fr_picture *picture);
    fr_status (*picture_map)(const struct fr_picture *picture, struct fr_picture *out);
    struct fr_surface surface[FR_OUT_SURFACES_MAX];
};

/* FR_ERR_NO_MEMORY, FR_ERR_DEVICE_LOST: *out is NULL. count: 2..FR_OUT_SURFACES_MAX. */
fr_status fr_out_ring_create(struct fr_out_ring **out, const struct fr_backend_host *backend, uint32_t count,
                             uint32_t width, uint32_t height, fr_format format);

/* Gives the capture's reference back and sets *ring NULL; NULL is accepted. */
void fr_out_ring_drop(struct fr_out_ring **ring);

/* A surface that no frame holds and that is not `keep` (the last frame's; may be NULL), or NULL. Capture
 * thread only. */
struct fr_surface *fr_out_ring_free_surface(struct fr_out_ring *ring, const struct fr_surface *keep);

/* How many surfaces callers hold. */
uint32_t fr_out_ring_held(const struct fr_out_ring *ring);

void fr_surface_ref(struct fr_surface *surface);
void fr_surface_unref(struct fr_surface *surface);

/* True when a caller holds it. */
bool fr_surface_held(const struct fr_surface *surface);

#endif
