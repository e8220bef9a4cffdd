/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_SESSION_H
#define FR_TESTS_UNIT_VULKAN_SESSION_H

/* A session step by step, both of its sides in this process: the host's calls of Vulkan and the source's go
 * through the loader of faults.h, and each step may fail. */

#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include "backend/vulkan/host.h"

/* What sessions are made of. */
struct rig {
    fr_vulkan_host_params params;
    bool timelines; /* the source is on the host's device, with which it shares semaphores */
    struct gpu gpu; /* the source's, where it is not */
    struct gpu_image image;
};

/* One session. What was not made is NULL. */
struct session {
    const struct gpu *gpu;
    const fr_vulkan_image *image;
    bool timelines;
    struct gpu own_gpu;
    struct gpu_image own_image;
    fr_wire_v2 *words;
    struct fr_backend_host host;
    void *ring, *converter;
    struct fr_ring_host host_words;
    struct fr_picture picture;
    struct fr_backend_source images, memory;
    const struct fr_backend_source *in_use;
    void *source_ring;
    struct fr_ring_source source_words;
    bool host_lost;
};

void rig_open(struct rig *rig, const fr_vulkan_host_params *params);
/* Nothing is alive any more that was made through the loader. */
void rig_close(struct rig *rig);
struct fr_backend_host rig_create_host(const struct rig *rig);

struct session session_open(const struct rig *rig, struct fr_backend_host host);
/* Whatever it has; its host stays. */
void session_close(struct session *session);

/* False: it failed, and host_lost says whether the host's device is why. In this order, the converter where
 * it is needed, and the others as often as they are. */
bool session_open_ring(struct session *session);
bool session_open_source(struct session *session);
bool session_push(struct session *session);
bool session_open_converter(struct session *session);
bool session_take(struct session *session);
bool session_map(struct session *session);

/* A host whose device was lost makes another; the fault is over. */
void session_go_on(struct session *session);

#endif
