/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_HANDOFF_H
#define FR_BENCH_GPU_HANDOFF_H

/*
 * A frame from one process's GPU work to another's, with nothing of framering between: a source submits work
 * that signals a shared timeline, a host converts after it. Measured from the source's submit to the moment
 * when the host sees its own work done.
 */

#include "gpu.h"
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>

enum handoff_frame { HANDOFF_TINY, HANDOFF_4K, HANDOFF_4K_HALVES };

struct handoff_config {
    const char *name;
    enum gpu_queue_kind kind[2]; /* source, host */
    uint32_t priority[2];
    bool busy[2]; /* a second queue always has work */
    enum handoff_frame frame;
    uint32_t rounds;
    bool slow;    /* also at 60 Hz */
    bool threads; /* of one process and device: nothing to switch */
    bool few;     /* only the modes in which an eventfd tells the host, as in the library */
};

/* HANDOFF_CAN_*, or-ed; negative: there is no device. */
enum {
    HANDOFF_CAN_SHARE = 1,  /* timelines between processes */
    HANDOFF_CAN_COMPUTE = 2 /* it has a queue family for compute alone */
};
int handoff_can(struct probe *probe);
/* Writes an object; processes of its own. */
void handoff_run(struct probe *probe, const struct handoff_config *config);

/* How the host learns when it may start. */
enum handoff_start {
    HANDOFF_GPU_WAITS,    /* it submits at once, its GPU work waits */
    HANDOFF_POLL,         /* it polls the counter, then submits with a wait that is satisfied */
    HANDOFF_POLL_NO_WAIT, /* ... without a wait */
    HANDOFF_BLOCK,        /* vkWaitSemaphores, then submits */
    HANDOFF_EARLY,        /* it has submitted the wait before the source submits */
    HANDOFF_WORD,         /* the source's GPU writes a word of shared memory */
    HANDOFF_SOURCE_WAITS  /* the source polls its own counter, then tells */
};

struct handoff_mode {
    const char *name;
    enum handoff_start start;
    bool end_word; /* the host polls a word that its GPU writes, not its counter */
    bool event;    /* told by an eventfd, not by a shared word alone */
    bool trace;    /* with time stamps on the GPU */
};

enum { HANDOFF_WORD_BYTES = 65536 };

/* Both processes'. */
struct handoff_shared {
    _Atomic bool failed;
    _Atomic uint64_t arrived[2];
    _Atomic uint64_t seq, early, done;
    double submitted_us, gpu_us[2]; /* the source's, of round seq */
    _Atomic uint32_t *word;         /* HANDOFF_WORD_BYTES, that the source's GPU writes */
};

struct handoff_side {
    int me; /* 0 source, 1 host */
    const struct handoff_config *config;
    struct handoff_shared *shared;
    int event, socket;
    struct handoff_side *peer;   /* of threads */
    const struct gpu *device;    /* that is shared with other sides of the process; NULL: opened anew */
    pthread_mutex_t *queue_lock; /* of threads that have one queue; NULL: none */
    struct gpu gpu;
    struct gpu_image image[2];
    struct gpu_buffer out, count, word;
    struct gpu_kernel convert, copy, tick, burn;
    VkDescriptorSet convert_set, copy_set, tick_set, burn_set;
    VkCommandBuffer plain, ticking, traced, burning;
    VkQueryPool queries;
    VkSemaphore ready, own; /* ready: the source's, shared; own: the host's */
    uint64_t round;
    uint32_t before[2];     /* the words, while the source does nothing */
    double clock_offset_us; /* CLOCK_MONOTONIC less the GPU's */
    pthread_t burner;
    VkSemaphore burned;
    _Atomic bool stop;
    bool burning_now;
};

/* False: `shared` and the descriptors cannot be had. */
bool handoff_pair_open(struct handoff_side sides[2], const struct handoff_config *config);
void handoff_pair_close(struct handoff_side sides[2]);
bool handoff_side_open(struct handoff_side *side, const char *device);
void handoff_side_close(struct handoff_side *side);
/* True: it has words that both the GPU and the processor see. */
bool handoff_side_words(const struct handoff_side *side);
/* Of the last traced work, in CLOCK_MONOTONIC; it is done. */
void handoff_side_trace(struct handoff_side *side, double us[2]);
void handoff_side_calibrate(struct handoff_side *side);

/* Both sides are here. False: the other is not coming. */
bool handoff_meet(struct handoff_side *side);
/* The plain work, of round side->round; `wait`: for the source's of that round. */
void handoff_submit(struct handoff_side *side, const struct handoff_mode *mode, bool wait);
bool handoff_source_rounds(struct handoff_side *side, const struct handoff_mode *mode, uint32_t rounds,
                           uint64_t pause_ns);
/* To be called while the source does nothing: what the words of the next round are compared with. */
void handoff_host_look(struct handoff_side *side);
/* What the host saw, one of each per round. */
struct handoff_samples {
    double *latency_us, *told_us, *submit_us;
    double *segment_us[5]; /* of a trace: submit to start, work, to the host's start, work, to seen */
};
bool handoff_host_rounds(struct handoff_side *side, const struct handoff_mode *mode, uint32_t rounds,
                         struct handoff_samples *out);

#endif
