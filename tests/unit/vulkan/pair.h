/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_PAIR_H
#define FR_TESTS_UNIT_VULKAN_PAIR_H

/* A host's ring and a source's, with the words between them, in one process or in two. */

#include "backend/vulkan/ring.h"
#include "vulkan/gpu.h"

struct pair_shape {
    fr_vulkan_host_params params;
    uint64_t capabilities; /* of the source */
    uint32_t width, height;
    fr_format format;
    PFN_vkGetInstanceProcAddr get; /* NULL: the loader's */
};

/* The host's end. */
struct pair_host {
    struct fr_backend_host backend;
    struct fr_vk_ring *ring;
    struct fr_ring_host words;
    struct fr_delivery delivery;
    struct fr_vk_commands commands; /* for looking at slots */
    fr_convert_params convert;
    void *converter;
    struct fr_picture picture;
};

/* Shared between processes; to be made before a fork. */
fr_wire_v2 *pair_words_create(void);
void pair_words_destroy(fr_wire_v2 *words);

/* The delivery is as a channel would hand it over, but for the header and the event. */
void pair_host_open(struct pair_host *host, const struct pair_shape *shape, const struct fr_gpu *source,
                    fr_wire_v2 *words);
void pair_host_close(struct pair_host *host);

/* Takes the newest frame, converts it, and reads its slot: tight rows. */
void pair_host_take(struct pair_host *host, uint8_t *pixels);
/* The picture is within one code of what the processor makes of these. */
void pair_host_expect_picture(struct pair_host *host, const uint8_t *pixels);

/* What a channel does: the handles are duplicated. */
struct fr_delivery pair_delivered(const struct fr_delivery *delivery);

/* Over a socket to another process. */
void pair_send(int socket, const struct fr_delivery *delivery);
struct fr_delivery pair_receive(int socket);

/* The source's end. */
struct pair_source {
    struct fr_backend_source backend; /* images */
    struct fr_backend_source memory;  /* rings in shared memory */
    const struct fr_backend_source *in_use;
    void *ring;
    bool images;
    struct fr_ring_source words;
    uint32_t width, height;
    fr_format format;
};

void pair_source_open(struct pair_source *source, const struct gpu *gpu);
fr_status pair_source_attach(struct pair_source *source, const struct fr_delivery *delivery,
                             fr_wire_v2 *words);
/* Pushes it, as fr_source_push_vulkan. */
fr_status pair_source_push(struct pair_source *source, const fr_vulkan_image *image);
void pair_source_close(struct pair_source *source);

#endif
