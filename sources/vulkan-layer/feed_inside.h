/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_FEED_INSIDE_H
#define FRAMERING_SOURCES_LAYER_FEED_INSIDE_H

/* The feed's parts: choice.c has what is captured, feed.c the thread and the connection, claims.c the slots
 * that wait for presents, frames.c what becomes of frames. */

#include "feed.h"

#define FR_LAYER_NS_PER_MS UINT64_C(1000000)
#define FR_LAYER_NS_PER_S UINT64_C(1000000000)

/* What the ring's slots are. */
typedef enum fr_layer_ring {
    FR_LAYER_RING_UNKNOWN = 0,
    FR_LAYER_RING_MEMORY,
    FR_LAYER_RING_IMAGES
} fr_layer_ring;

struct fr_layer_feed {
    fr_layer_device *device;
    pthread_t thread;
    int wake_fd;
    _Atomic bool stop;

    pthread_mutex_t mutex; /* of these three */
    pthread_cond_t let_go; /* `current` is another */
    fr_layer_swapchain *wanted;
    fr_layer_queue *wanted_queue;
    fr_layer_swapchain *current; /* changed by the thread alone */

    /* Held by the thread but while it sleeps; a present only tries it. All below is under it, and waits for
     * anything are the thread's alone. */
    pthread_mutex_t work;
    fr_source *source;
    fr_layer_queue *queue; /* that the source was opened with, and `pool` is for */
    fr_vulkan_source_params vulkan;
    bool inherited; /* the host gave us the connection: it is not closed before the end */
    bool over;      /* nothing will be captured any more */
    uint64_t retry_ns, idle_ns, polled_ns;
    bool news;       /* the connection has something to say */
    bool hung;       /* the GPU did not end a copy: it is not waited for again */
    uint64_t cpu_ns; /* the thread's, as far as it is in the stats */

    VkCommandPool pool;
    fr_layer_copier copier;
    bool copier_tried;
    bool attached;
    uint32_t generation; /* that the sinks below are for; 0: none */
    fr_layer_ring ring;
    bool holding; /* between begin and publish */
    fr_slot held;
    fr_layer_sink *held_sink; /* NULL: the slot lies in memory */
    uint64_t held_ns, frame_ns, claim_ns;
    uint64_t published; /* sequence of the newest copy that was published, or given up */
    uint64_t shown;     /* of the newest that was published */
    uint64_t trying;    /* sequence of a stage that found no room in the ring */
    uint32_t tries;
    bool
        unripe; /* the newest stage's copy is not done: a present that takes a claimed slot may overtake it */
    uint32_t prompt; /* the generation that has published: presents may do so themselves. The first frame
                        of a ring ends the use of the one before, which may wait for the GPU */
};

uint64_t fr_layer_now_ns(void);

/* NULL: said why. */
struct fr_layer_feed *fr_layer_feed_start(fr_layer_device *device);
/* Its thread has ended. */
void fr_layer_feed_free(struct fr_layer_feed *feed);
/* Its thread looks around. Any thread. */
void fr_layer_feed_rouse(const struct fr_layer_feed *feed);
/* The process ends: nothing is to be touched any more. */
extern _Atomic bool fr_layer_feed_leaving;

/* What a claim may do that takes time: wait for the GPU, record commands. */
typedef enum fr_layer_patience { FR_LAYER_AT_ONCE = 0, FR_LAYER_PATIENT } fr_layer_patience;

/* Claims a slot, which is feed->held, and has a sink unless it lies in memory. False: not now. */
bool fr_layer_claims_begin(struct fr_layer_feed *feed, fr_layer_patience patience);
/* Claims a slot for the next present, if one is likely to come. */
void fr_layer_claims_make(struct fr_layer_feed *feed, fr_layer_patience patience);
/* Gives a claimed slot back. False: a present has taken it. */
bool fr_layer_claims_release(struct fr_layer_feed *feed);
/* The same if it was held for long enough, somebody has something to say, or `due`. False: one is held still.
 */
bool fr_layer_claims_expire(struct fr_layer_feed *feed, uint64_t now_ns, bool due);
/* No claim was made, or tried, for so long that the next may be. */
bool fr_layer_claims_may(const struct fr_layer_feed *feed, uint64_t now_ns);
/* How long nothing has to be done unless somebody wakes the feed. */
uint64_t fr_layer_claims_wait_ns(const struct fr_layer_feed *feed, uint64_t now_ns);

/* Waits for the GPU. False: it never ends, or the device is lost. */
bool fr_layer_frames_finish(struct fr_layer_feed *feed, fr_layer_sink *sink);
/* A present's own thread: publishes what it FILLED and claims the next slot. False: that is left to do. */
bool fr_layer_frames_now(struct fr_layer_feed *feed, fr_layer_sink *sink);
/* The ring may have changed: brings the sinks into line with it. */
void fr_layer_frames_follow(struct fr_layer_feed *feed);
/* Publishes what the presents left. */
void fr_layer_frames_collect(struct fr_layer_feed *feed);
/* No sink of the current swapchain is used or left. */
void fr_layer_frames_drop(struct fr_layer_feed *feed);

static inline uint32_t fr_layer_sink_state(const fr_layer_sink *sink)
{
    return atomic_load_explicit(&sink->state, memory_order_acquire);
}

static inline void fr_layer_sink_open(fr_layer_sink *sink)
{
    atomic_store_explicit(&sink->state, FR_LAYER_SINK_OPEN, memory_order_release);
}

static inline fr_layer_sink *fr_layer_stage(fr_layer_swapchain *swapchain, uint32_t index)
{
    return &swapchain->sink[FR_LAYER_SLOTS_MAX + index];
}

#endif
