/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_BACKEND_RIG_H
#define FR_TESTS_UNIT_BACKEND_RIG_H

/* A session by the way that is run over. */

#include "backend/way.h"

struct rig_shape {
    uint32_t width, height;
    fr_format format;
    uint32_t ring_len;
    fr_convert_params convert; /* `to`, and how */
};

/* BGRA8 to NV12 in a ring of four. */
enum { PLAIN_WIDTH = 66, PLAIN_HEIGHT = 34 };
extern const struct rig_shape rig_plain;

struct rig {
    const struct way *way;
    struct rig_shape shape;
    struct pair_host host;
    struct pair_source source;
    fr_wire_v2 *words;
};

/* Both sides, with a ring that is attached. */
void rig_open(struct rig *rig, const struct rig_shape *shape);
void rig_close(struct rig *rig);

/* Parts of rig_open: the host's backend alone, a ring of another generation, which is delivered. */
void rig_open_host(struct rig *rig, const struct rig_shape *shape);
struct fr_ring_request rig_request(const struct rig *rig, uint32_t generation);
void rig_attach(struct rig *rig);

uint8_t *rig_pixels(const struct rig *rig, uint32_t seed);
/* The program draws a picture of that seed; and publishes it; both. */
void rig_draw(const struct rig *rig, uint32_t seed);
void rig_push_drawn(struct rig *rig);
void rig_push(struct rig *rig, uint32_t seed);
/* Takes the newest frame into the host's picture, which is of that seed then. */
void rig_take(struct rig *rig, uint32_t seed);
void rig_expect(const struct rig *rig, const struct fr_picture *picture, uint32_t seed);
/* FR_WIRE_SLOT_* of a slot. */
uint32_t rig_state(const struct rig *rig, uint32_t slot);

/* What is open in this process. */
struct rig_count {
    size_t handles;
    long objects;
};

struct rig_count rig_count(void);
void rig_expect_count(struct rig_count before);

#endif
