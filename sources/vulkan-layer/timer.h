/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_TIMER_H
#define FRAMERING_SOURCES_LAYER_TIMER_H

/* How long the GPU is at a sink's copies, with FRAMERING_CAPTURE_STATS=1: by a pair of timestamps for each
 * image of the swapchain. */

#include "chain.h"

/* All zero: nothing is measured. */
typedef struct fr_layer_timer {
    VkQueryPool pool;
    uint64_t mask; /* the bits of a timestamp that count */
    float ns_per_tick;
} fr_layer_timer;

/* Measures nothing where nobody asked, or where the queues of that family have no clock. */
void fr_layer_timer_init(fr_layer_timer *timer, const fr_layer_device *device, uint32_t family,
                         uint32_t num_images);
void fr_layer_timer_finish(fr_layer_timer *timer, const fr_layer_device *device);

/* Recorded around the copy: from when all before it is done until it is. */
void fr_layer_timer_begin(const fr_layer_timer *timer, const fr_layer_device *device,
                          VkCommandBuffer commands, uint32_t index);
void fr_layer_timer_end(const fr_layer_timer *timer, const fr_layer_device *device, VkCommandBuffer commands,
                        uint32_t index);

/* The copy is done. ns; 0: not measured. */
uint64_t fr_layer_timer_read(const fr_layer_timer *timer, const fr_layer_device *device, uint32_t index);

#endif
