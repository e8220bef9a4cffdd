/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_FEED_H
#define FRAMERING_SOURCES_LAYER_FEED_H

/*
 * The one connection of this process to a host. A thread of its own claims slots before they are needed and
 * publishes what the presents copied; a present that can do both at once without waiting does it itself. One
 * swapchain is captured: the first that presents, and after it the one that replaces it (oldSwapchain), or
 * the next that presents when it is gone.
 */

#include "swapchain.h"

/* A present of this swapchain is about to happen: it is captured from now on if none is. Any thread. */
void fr_layer_feed_offer(fr_layer_queue *queue, fr_layer_swapchain *swapchain);

/* `to`, which may be NULL, takes the place of `from`, if that is captured. */
void fr_layer_feed_replace(fr_layer_swapchain *from, fr_layer_swapchain *to);

/* No sink of the swapchain is used any more when this returns. The program has presented its last. */
void fr_layer_feed_leave(fr_layer_swapchain *swapchain);

/* A present has FILLED this sink. It is published here and now if it is a slot whose semaphore the host waits
 * for, and nobody is at the feed's work; else the thread does it. Never waits. */
void fr_layer_feed_filled(fr_layer_swapchain *swapchain, fr_layer_sink *sink);

/* The swapchain's HDR metadata is new. */
void fr_layer_feed_wake(fr_layer_swapchain *swapchain);

/* The driver says that the device is lost: nothing more of it is captured, and another may be. Any thread. */
void fr_layer_feed_lose(fr_layer_device *device);

/* The device goes: ends the thread, says goodbye to the host. */
void fr_layer_feed_end(fr_layer_device *device);

#endif
