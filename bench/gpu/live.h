/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_LIVE_H
#define FR_BENCH_GPU_LIVE_H

/* The real thing: sources that push images of their own GPU device, captures that convert them. */

#include "gpu.h"

#include <framering/capture.h>
#include <framering/vulkan.h>

#include <pthread.h>
#include <stdatomic.h>

enum { LIVE_MAX = 16 }; /* sources of one process */

/* One target, as both processes see it. */
struct live_shared {
    _Atomic uint32_t wanted; /* the host: this many frames in all */
    _Atomic uint32_t pushed; /* the source: so many it has pushed */
    _Atomic uint32_t missed; /* ... and so many that it has not, as it was late */
    _Atomic bool stop, failed;
    double push_us, pushed_us; /* CLOCK_MONOTONIC around the newest push */
};

struct live {
    const char *device, *folder; /* folder: of the sockets */
    uint32_t target, width, height;
    bool hdr;                 /* RGBA16F, else BGRA8 */
    enum gpu_queue_kind kind; /* of the source's queue */
    bool spin;                /* the source spins for `wanted`, else it sleeps on `event` */
    int event;
    double period_us;      /* the source pushes by its own clock; 0: when a frame is wanted */
    struct gpu *gpu;       /* of all sources of the process, with `lock`; NULL: the source opens one */
    pthread_mutex_t *lock; /* around every use of its queue */
    uint64_t look_ns;      /* how long the host looks for a frame at most; 0: it sleeps */
    struct live_shared *shared;
    fr_vulkan_host_params host;
};

/* What `fr_log` writes goes to stderr with this in front. */
fr_log live_log(const char *who);
/* A folder of our own for sockets; ends the program on failure. Removed by live_folder_remove. */
void live_folder_make(char *path, size_t bytes);
void live_folder_remove(const char *path);

/* Runs until stop; 0 or an exit status. In a process that has not used Vulkan yet, or with live->gpu. */
int live_source_run(struct live *live);
/* The same for many sources on one device, a thread each. In a process that has not used Vulkan yet. */
int live_sources_run(struct live *const *lives, uint32_t count);

/* A capture, and what is needed to see that a frame is converted. */
struct live_host {
    struct live *live;
    fr_capture *capture;
    bool known;
    VkDevice device;
    PFN_vkGetSemaphoreCounterValue counter;
    PFN_vkWaitSemaphores wait;
};

bool live_host_open(struct live_host *host, struct live *live);
void live_host_close(struct live_host *host);
/* Asks for a frame and waits for a fresh one. */
bool live_host_ask(struct live_host *host, uint32_t wanted);
bool live_host_next(struct live_host *host, fr_frame *frame);
/* Until the frame's pixels are complete. */
bool live_host_converted(struct live_host *host, const fr_frame *frame, bool spin);

#endif
