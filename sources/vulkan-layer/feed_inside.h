/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_FEED_INSIDE_H
#define FRAMERING_SOURCES_LAYER_FEED_INSIDE_H

/* The feed's parts: choice.c has what is captured, feed.c the thread and the connection, frames.c what
 * becomes of frames. */

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

    /* The thread's own. */
    fr_source *source;
    fr_layer_queue *queue; /* that the source was opened with, and `pool` is for */
    fr_vulkan_source_params vulkan;
    bool inherited; /* the host gave us the connection: it is not closed before the end */
    bool over;      /* nothing will be captured any more */
    uint64_t retry_ns, idle_ns, polled_ns;
    bool news; /* the connection has something to say */

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

/* The ring may have changed: brings the sinks into line with it. */
void fr_layer_frames_follow(struct fr_layer_feed *feed);
/* Publishes what the presents left. */
void fr_layer_frames_collect(struct fr_layer_feed *feed);
/* Claims a slot for the next present, if one is likely to come. */
void fr_layer_frames_claim(struct fr_layer_feed *feed);
/* Gives a claimed slot back if it was held for long enough, or the host has something to say. False: one is
 * held still. */
bool fr_layer_frames_release(struct fr_layer_feed *feed, uint64_t now_ns);
/* Waits until no copy into a slot is under way. False: one hangs. */
bool fr_layer_frames_settle(struct fr_layer_feed *feed, uint64_t timeout_ns);
/* No sink of the current swapchain is used or left. */
void fr_layer_frames_drop(struct fr_layer_feed *feed);
/* How long nothing has to be done unless somebody wakes the feed. */
uint64_t fr_layer_frames_wait_ns(const struct fr_layer_feed *feed, uint64_t now_ns);

#endif
