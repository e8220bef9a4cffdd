/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/out_ring.h"

#include "os/atomic.h"

#include <stdlib.h>

static void ring_unref(struct fr_out_ring *ring)
{
    if (fr_sub_acq_rel_u32(&ring->refs, 1) != 0)
        return;
    for (uint32_t i = 0; i < ring->count; i++)
        ring->picture_destroy(&ring->surface[i].picture);
    free(ring);
}

fr_status fr_out_ring_create(struct fr_out_ring **out, const struct fr_backend_host *backend, uint32_t count,
                             uint32_t width, uint32_t height, fr_format format)
{
    *out = NULL;
    struct fr_out_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->refs = 1;
    ring->width = width;
    ring->height = height;
    ring->format = format;
    ring->picture_destroy = backend->ops->picture_destroy;
    ring->picture_map = backend->ops->picture_map;
    for (; ring->count < count; ring->count++) {
        struct fr_surface *surface = &ring->surface[ring->count];
        surface->ring = ring;
        const fr_status status =
            backend->ops->picture_create(backend->self, width, height, format, &surface->picture);
        if (status < 0) {
            ring_unref(ring);
            return status;
        }
    }
    *out = ring;
    return FR_OK;
}

void fr_out_ring_drop(struct fr_out_ring **ring)
{
    if (*ring)
        ring_unref(*ring);
    *ring = NULL;
}

bool fr_surface_held(const struct fr_surface *surface)
{
    /* Pairs with the release in fr_surface_unref: the reader of the pixels is through with them. */
    return fr_load_acquire_u32(&surface->refs) != 0;
}

struct fr_surface *fr_out_ring_free_surface(struct fr_out_ring *ring, const struct fr_surface *keep)
{
    for (uint32_t i = 0; i < ring->count; i++) {
        struct fr_surface *surface = &ring->surface[(ring->next + i) % ring->count];
        if (surface == keep || fr_surface_held(surface))
            continue;
        ring->next = (ring->next + i + 1) % ring->count;
        return surface;
    }
    return NULL;
}

uint32_t fr_out_ring_held(const struct fr_out_ring *ring)
{
    uint32_t held = 0;
    for (uint32_t i = 0; i < ring->count; i++)
        held += fr_surface_held(&ring->surface[i]);
    return held;
}

void fr_surface_ref(struct fr_surface *surface)
{
    if (fr_add_acq_rel_u32(&surface->refs, 1) == 1)
        (void)fr_add_acq_rel_u32(&surface->ring->refs, 1);
}

void fr_surface_unref(struct fr_surface *surface)
{
    struct fr_out_ring *ring = surface->ring;
    if (fr_sub_acq_rel_u32(&surface->refs, 1) == 0)
        ring_unref(ring);
}

void fr_frame_ref(fr_frame *copy, const fr_frame *frame)
{
    *copy = *frame;
    if (copy->surface)
        fr_surface_ref(copy->surface);
}

fr_status fr_frame_map(fr_frame *frame)
{
    if (!frame)
        return FR_ERR_ARGUMENT;
    if (frame->plane[0] || !frame->surface)
        return frame->plane[0] ? FR_OK : FR_ERR_ARGUMENT;
    struct fr_picture mapped;
    const fr_status status = frame->surface->ring->picture_map(&frame->surface->picture, &mapped);
    if (status != FR_OK)
        return status;
    for (int i = 0; i < 2; i++) {
        frame->plane[i] = mapped.plane[i];
        frame->pitch_bytes[i] = mapped.pitch_bytes[i];
    }
    return FR_OK;
}

void fr_frame_release(fr_frame *frame)
{
    if (!frame)
        return;
    if (frame->surface)
        fr_surface_unref(frame->surface);
    *frame = (fr_frame){0};
}
