/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_FEED_H
#define FRAMERING_SOURCES_LAYER_FEED_H

/*
 * The one connection of this process to a host, on a thread of its own: it claims slots before they are
 * needed and publishes what the presents copied. One swapchain is captured: the first that presents, and
 * after it the one that replaces it (oldSwapchain), or the next that presents when it is gone.
 */

#include "swapchain.h"

/* A present of this swapchain is about to happen: it is captured from now on if none is. Any thread. */
void fr_layer_feed_offer(fr_layer_queue *queue, fr_layer_swapchain *swapchain);

/* `to`, which may be NULL, takes the place of `from`, if that is captured. */
void fr_layer_feed_replace(fr_layer_swapchain *from, fr_layer_swapchain *to);

/* No sink of the swapchain is used any more when this returns. The program has presented its last. */
void fr_layer_feed_leave(fr_layer_swapchain *swapchain);

/* A sink was FILLED, or the swapchain's HDR metadata is new. */
void fr_layer_feed_wake(fr_layer_swapchain *swapchain);

/* The device goes: ends the thread, says goodbye to the host. */
void fr_layer_feed_end(fr_layer_device *device);

#endif
