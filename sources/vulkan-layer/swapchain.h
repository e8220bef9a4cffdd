/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_SWAPCHAIN_H
#define FRAMERING_SOURCES_LAYER_SWAPCHAIN_H

/* A swapchain of the program, and where copies of its images can go. */

#include "sink.h"

#include <framering/source.h>

enum {
    FR_LAYER_STAGES = 4,
    FR_LAYER_SLOTS_MAX = 8,
    FR_LAYER_SINKS_MAX = FR_LAYER_SLOTS_MAX + FR_LAYER_STAGES
};

typedef struct fr_layer_swapchain {
    struct fr_layer_swapchain *next;
    fr_layer_device *device;
    VkSwapchainKHR handle;
    uint32_t width, height;
    VkFormat format;
    const char *not_sampled; /* why no shader can read its images; NULL: one can */
    fr_layer_plan plan;      /* PASS: nothing of it is captured, and the rest is not filled */
    uint32_t num_images;
    VkImage image[FR_LAYER_IMAGES_MAX];
    VkSemaphore copied[FR_LAYER_IMAGES_MAX]; /* binary: the copy of that image is done, it may be presented */

    pthread_mutex_t hdr_mutex;
    bool has_hdr;
    fr_hdr_metadata hdr;
    _Atomic bool hdr_changed;

    /* The feed's; presents look at `accepting` and at the sinks' states. */
    _Atomic bool accepting;
    const fr_layer_copier *copier;          /* NULL: copies are made by transfer */
    uint32_t family;                        /* of the queue that the sinks' commands are for */
    fr_layer_sink sink[FR_LAYER_SINKS_MAX]; /* the ring's slots first */
    _Atomic uint64_t sequence;              /* of the last present */
} fr_layer_swapchain;

/* NULL: not one that can be captured. */
fr_layer_swapchain *fr_layer_swapchain_of(const fr_layer_device *device, VkSwapchainKHR handle);

#endif
