/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Which of the program's swapchains is captured, and when the feed's thread begins and ends. */
#include "feed_inside.h"

#include "settings.h"
#include "stats.h"

#include <stddef.h>
#include <time.h>

/* A window that presents nothing for so long is not what is looked at, if another presents. */
static const uint64_t still_ns = 2 * FR_LAYER_NS_PER_S;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* of the next four, and of each device's `feed` */
static fr_layer_swapchain *_Atomic captured;
static _Atomic uint64_t captured_pixels;  /* its size */
static _Atomic uint64_t captured_last_ns; /* when it presented last */
static struct fr_layer_feed *running;     /* the newest; at the process' end it is stopped */

_Atomic bool fr_layer_feed_leaving;

static bool queue_can(const fr_layer_queue *queue, const fr_layer_plan *plan)
{
    const VkQueueFlags copies = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT;
    return queue->flags & (plan->way == FR_LAYER_BLIT ? VK_QUEUE_GRAPHICS_BIT : copies);
}

static void want(struct fr_layer_feed *feed, fr_layer_swapchain *swapchain, fr_layer_queue *queue)
{
    pthread_mutex_lock(&feed->mutex);
    feed->wanted = swapchain;
    if (queue)
        feed->wanted_queue = queue;
    pthread_mutex_unlock(&feed->mutex);
    fr_layer_feed_rouse(feed);
}

/* With the mutex. NULL: none. */
static void set_captured(fr_layer_swapchain *swapchain, uint64_t now_ns)
{
    const uint64_t pixels = swapchain ? (uint64_t)swapchain->width * swapchain->height : 0;
    atomic_store_explicit(&captured_pixels, pixels, memory_order_relaxed);
    atomic_store_explicit(&captured_last_ns, now_ns, memory_order_relaxed);
    /* Pairs with feed_of: who sees it sees its device's feed. */
    atomic_store_explicit(&captured, swapchain, memory_order_release);
}

/* NULL: this swapchain is not the one that is captured. */
static struct fr_layer_feed *feed_of(const fr_layer_swapchain *swapchain)
{
    if (atomic_load_explicit(&captured, memory_order_acquire) != swapchain)
        return NULL;
    return swapchain->device->feed;
}

/* Over the one that is captured: the larger one, or one that presents where the other does not. */
static bool wins(const fr_layer_swapchain *swapchain, uint64_t now_ns)
{
    return (uint64_t)swapchain->width * swapchain->height >
               atomic_load_explicit(&captured_pixels, memory_order_relaxed) ||
           atomic_load_explicit(&captured_last_ns, memory_order_relaxed) + still_ns <= now_ns;
}

/* With the mutex. False: it cannot be, and is not tried again. */
static bool has_feed(fr_layer_device *device)
{
    if (device->feed)
        return true;
    device->feed = fr_layer_feed_start(device);
    if (device->feed)
        running = device->feed;
    else
        fr_layer_device_set_unfit(device);
    return device->feed;
}

/* With the mutex. */
static void capture(fr_layer_queue *queue, fr_layer_swapchain *swapchain, uint64_t now_ns)
{
    fr_layer_device *device = queue->device;
    const fr_layer_swapchain *shown = atomic_load_explicit(&captured, memory_order_relaxed);
    if (shown && (shown == swapchain || shown->device != device || !wins(swapchain, now_ns)))
        return;
    if (atomic_load_explicit(&device->lost, memory_order_relaxed) || !has_feed(device))
        return;
    if (shown)
        fr_layer_say("of the program's windows that of %ux%u is captured from now on, not that of %ux%u",
                     swapchain->width, swapchain->height, shown->width, shown->height);
    set_captured(swapchain, now_ns);
    want(device->feed, swapchain, queue);
}

void fr_layer_feed_offer(fr_layer_queue *queue, fr_layer_swapchain *swapchain)
{
    const uint64_t now = fr_layer_now_ns();
    const fr_layer_swapchain *shown = atomic_load_explicit(&captured, memory_order_relaxed);
    if (shown == swapchain)
        atomic_store_explicit(&captured_last_ns, now, memory_order_relaxed);
    if (shown == swapchain || (shown && !wins(swapchain, now)) || fr_layer_device_is_unfit(queue->device) ||
        !queue_can(queue, &swapchain->plan))
        return;
    pthread_mutex_lock(&mutex);
    capture(queue, swapchain, now);
    pthread_mutex_unlock(&mutex);
}

void fr_layer_feed_replace(fr_layer_swapchain *from, fr_layer_swapchain *to)
{
    pthread_mutex_lock(&mutex);
    if (atomic_load_explicit(&captured, memory_order_relaxed) == from) {
        struct fr_layer_feed *feed = from->device->feed;
        if (to && !queue_can(feed->wanted_queue, &to->plan))
            to = NULL;
        set_captured(to, fr_layer_now_ns());
        want(feed, to, NULL);
    }
    pthread_mutex_unlock(&mutex);
}

void fr_layer_feed_leave(fr_layer_swapchain *swapchain)
{
    pthread_mutex_lock(&mutex);
    struct fr_layer_feed *feed = swapchain->device->feed;
    if (atomic_load_explicit(&captured, memory_order_relaxed) == swapchain)
        set_captured(NULL, 0);
    pthread_mutex_unlock(&mutex);
    if (!feed)
        return;
    pthread_mutex_lock(&feed->mutex);
    if (feed->wanted == swapchain)
        feed->wanted = NULL;
    fr_layer_feed_rouse(feed);
    /* The thread's own waits all have bounds. */
    while (feed->current == swapchain)
        pthread_cond_wait(&feed->let_go, &feed->mutex);
    pthread_mutex_unlock(&feed->mutex);
}

void fr_layer_feed_filled(fr_layer_swapchain *swapchain, fr_layer_sink *sink)
{
    struct fr_layer_feed *feed = feed_of(swapchain);
    if (feed && !fr_layer_frames_now(feed, sink))
        fr_layer_feed_rouse(feed);
}

void fr_layer_feed_wake(fr_layer_swapchain *swapchain)
{
    struct fr_layer_feed *feed = feed_of(swapchain);
    if (feed)
        fr_layer_feed_rouse(feed);
}

void fr_layer_feed_lose(fr_layer_device *device)
{
    if (atomic_exchange_explicit(&device->lost, true, memory_order_relaxed))
        return;
    pthread_mutex_lock(&mutex);
    const fr_layer_swapchain *shown = atomic_load_explicit(&captured, memory_order_relaxed);
    if (shown && shown->device == device) {
        fr_layer_say("the program's device is lost; what it presents on another is captured");
        set_captured(NULL, 0);
    }
    if (device->feed)
        want(device->feed, NULL, NULL);
    pthread_mutex_unlock(&mutex);
}

void fr_layer_feed_end(fr_layer_device *device)
{
    pthread_mutex_lock(&mutex);
    struct fr_layer_feed *feed = device->feed;
    fr_layer_swapchain *swapchain = atomic_load_explicit(&captured, memory_order_relaxed);
    if (swapchain && swapchain->device == device)
        set_captured(NULL, 0);
    if (running == feed)
        running = NULL;
    device->feed = NULL;
    pthread_mutex_unlock(&mutex);
    if (!feed)
        return;
    atomic_store_explicit(&feed->stop, true, memory_order_release);
    fr_layer_feed_rouse(feed);
    pthread_join(feed->thread, NULL);
    fr_layer_feed_free(feed);
}

/* The process ends, maybe with its device still there: the thread must not meet a driver that is unloaded. */
__attribute__((destructor)) static void end_of_process(void)
{
    struct fr_layer_feed *feed = running;
    if (feed) {
        struct timespec until;
        atomic_store_explicit(&fr_layer_feed_leaving, true, memory_order_release);
        atomic_store_explicit(&feed->stop, true, memory_order_release);
        fr_layer_feed_rouse(feed);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        (void)pthread_timedjoin_np(feed->thread, NULL, &until);
    }
    fr_layer_stats_say();
}
