/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_TIMELINES_H
#define FR_TESTS_UNIT_VULKAN_TIMELINES_H

/* A ring that is kept in step by shared timeline semaphores, lent by the faults' loader where the driver has
 * none: host and source on one device. */

#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include "backend/vulkan/source.h"

struct timelines {
    struct gpu gpu;
    struct pair_host host;
    struct pair_source source;
    fr_wire_v2 *words;
};

enum { TIMELINES_WIDTH = 64, TIMELINES_HEIGHT = 36 };

/* `get`: the source's loader, over the faults'; NULL: that. */
void timelines_open(struct timelines *rig, PFN_vkGetInstanceProcAddr get);
/* Nothing is left. */
void timelines_close(struct timelines *rig);

const struct fr_vk_source_ring *timelines_ring(const struct timelines *rig);

/* Pushes a picture of that seed, and waits for the copy. */
void timelines_push(struct timelines *rig, uint32_t seed);

/* A slot that the program is to draw by itself; it says which value it will signal. */
uint32_t timelines_begin(struct timelines *rig, fr_vulkan_slot *out);
/* `lie`: the value that the host is told; 0: the true one. */
void timelines_publish(struct timelines *rig, uint32_t index, uint64_t lie);

#endif
