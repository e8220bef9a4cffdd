/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_AV_VULKAN_TIMELINES_H
#define FR_ENCODE_AV_VULKAN_TIMELINES_H

/* The semaphores that FFmpeg signals: a pair for each frame that it has, used again for later ones. They last
 * as long as the device: the threads of Mesa's queues go back to what a batch waited for after they signalled
 * that the batch is done (vk_queue_submit_cleanup, Mesa 22.3), when a semaphore that only its own frame
 * waited for would be gone. It also spares making two for each frame.
 */
#include <framering/vulkan.h>

#include <libavutil/hwcontext_vulkan.h>
#include <pthread.h>
#include <stdbool.h>

struct fr_av_timeline_pair; /* two */

struct fr_av_timelines {
    VkDevice device; /* VK_NULL_HANDLE: there is nothing to be finished */
    VkQueue queue;
    PFN_vkCreateSemaphore create;
    PFN_vkDestroySemaphore destroy;
    PFN_vkWaitSemaphores wait;
    PFN_vkQueueSubmit submit;
    uint64_t patience_ns; /* of each wait */
    pthread_mutex_t mutex;
    struct fr_av_timeline_pair *spare; /* under it */
};

/* FR_ERR_UNSUPPORTED: the device lacks a function. */
fr_status fr_av_timelines_init(struct fr_av_timelines *timelines, PFN_vkGetDeviceProcAddr get,
                               const fr_vulkan_picture *picture);
/* All pairs were given back. `held`: the device, for its lock. False: the device does not end what it was
 * given, and has to stay with the semaphores. */
bool fr_av_timelines_finish(struct fr_av_timelines *timelines, fr_vulkan_device *held);

/* Fills sem and sem_value, which was reached. FR_ERR_NO_MEMORY. Any thread. */
fr_status fr_av_timelines_take(struct fr_av_timelines *timelines, struct fr_av_timeline_pair **out,
                               AVVkFrame *vkf);
/* FFmpeg does nothing with the frame any more. Any thread. */
void fr_av_timelines_give(struct fr_av_timelines *timelines, struct fr_av_timeline_pair *pair,
                          const AVVkFrame *vkf);
/* Until the values are reached: FR_OK; FR_TIMEOUT; FR_ERR_DEVICE_LOST; FR_ERR_NO_MEMORY. Any thread. */
fr_status fr_av_timelines_wait(const struct fr_av_timelines *timelines,
                               const struct fr_av_timeline_pair *pair, const uint64_t value[2]);
/* The same at once. */
fr_status fr_av_timelines_look(const struct fr_av_timelines *timelines,
                               const struct fr_av_timeline_pair *pair, const uint64_t value[2]);

#endif
