/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_HOST_H
#define MACHINE_HOST_H

/* A host that is nothing but the shared words and a link: it can deliver what a real one never would. */

#include "machine/rig.h"

struct host {
    struct rig *rig;
    struct fr_memory header, slots;
    size_t header_bytes; /* of the rings to come: with damage lines, unless the test says otherwise */
    struct fr_event event;
    struct fr_ring_host words;
    struct fr_delivery delivery; /* of the present ring; a test may spoil it before host_deliver */
};

void host_init(struct host *host, struct rig *rig);
/* Listens: sources can connect from now on. */
void host_open(struct host *host);
/* The next ring; the one before is retired. */
void host_make(struct host *host, uint32_t generation, uint32_t width, uint32_t height, fr_format format);
void host_deliver(struct host *host);
fr_wire_v2 *host_header(struct host *host);
/* Goes away: sources see a hang-up. */
void host_close(struct host *host);

/* Claims the newest frame. False: there is none. */
bool host_take(struct host *host, fr_token *token);
void host_release(struct host *host, fr_token token);
const uint8_t *host_pixels(const struct host *host, uint32_t slot);

/* Open source and host, a ring of 64x36 BGRA8 of generation 1 attached, nothing published. */
void host_start(struct host *host, struct rig *rig);

#endif
