/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_PAIR_H
#define FR_TESTS_UNIT_VULKAN_PAIR_H

/* A host's ring on a device and a source's on another, in one process or in two. */

#include "backend/pair.h"
#include "backend/vulkan/ring.h"
#include "vulkan/gpu.h"

struct pair_shape {
    fr_vulkan_host_params params;
    uint64_t capabilities; /* of the source */
    uint32_t width, height;
    fr_format format;
    PFN_vkGetInstanceProcAddr get; /* NULL: the loader's */
};

/* Shared between processes; to be made before a fork. */
fr_wire_v2 *pair_words_create(void);
void pair_words_destroy(fr_wire_v2 *words);

/* With a ring, and a converter of the formats that go together. */
void pair_host_open(struct pair_host *host, const struct pair_shape *shape, const struct fr_gpu *source,
                    fr_wire_v2 *words);
struct fr_vk_ring *pair_host_inside(const struct pair_host *host);
/* Takes the newest frame, converts it, and reads its slot: tight rows. */
void pair_host_take(struct pair_host *host, uint8_t *pixels);

/* Over a socket to another process. */
void pair_send(int socket, const struct fr_delivery *delivery);
struct fr_delivery pair_receive(int socket);

void pair_source_open(struct pair_source *source, const struct gpu *gpu);
/* Pushes it, as fr_source_push_vulkan. */
fr_status pair_source_push(struct pair_source *source, const fr_vulkan_image *image);

/* A host, and a device for what is a source in the same process; both by shape->get. */
struct pair_rig {
    struct gpu gpu;
    struct pair_host host;
    fr_wire_v2 *words;
};

void pair_rig_open(struct pair_rig *rig, const struct pair_shape *shape);
void pair_rig_close(struct pair_rig *rig);

#endif
