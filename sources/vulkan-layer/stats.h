/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_STATS_H
#define FRAMERING_SOURCES_LAYER_STATS_H

/*
 * What the layer costs the program and what became of the frames, said at the end with
 * FRAMERING_CAPTURE_STATS=1. Everything that the program pays for with CPU counts:
 * - the hook for presents, without the vkQueuePresentKHR below: the CPU time of the thread that presents;
 * - the hooks for all other uses of a queue, without the function below: by the clock, which is more;
 * - the CPU time of the layer's thread.
 * A frame costs what all of these took from its present to the next. Said beside it are what the hook for
 * presents takes by the clock (the rest are waits, for a mutex or for a turn on a core), and the CPU time
 * that recording the copies into a new ring takes, once for each slot. Reading the GPU's clock, which is done
 * for the stats alone, is left out. Any thread.
 */

#include <stdint.h>

typedef enum fr_layer_fate {
    FR_LAYER_FATE_PASSED = 0, /* nobody wanted it */
    FR_LAYER_FATE_SLOT,       /* copied straight into the ring */
    FR_LAYER_FATE_STAGE,      /* copied into a stage, and from there into the ring or over by a newer one */
    FR_LAYER_FATE_DROPPED,    /* wanted, but there was no place */
    FR_LAYER_FATES
} fr_layer_fate;

/* How a picture is copied; with a ring in memory, also into a buffer. */
typedef enum fr_layer_means {
    FR_LAYER_MEANS_SHADER = 0,
    FR_LAYER_MEANS_COPY,   /* vkCmdCopyImage */
    FR_LAYER_MEANS_BLIT,   /* vkCmdBlitImage */
    FR_LAYER_MEANS_BUFFER, /* vkCmdCopyImageToBuffer alone */
    FR_LAYER_MEANS
} fr_layer_means;

/* A moment of the calling thread, without what it was told to leave out so far; all zero where nobody asked
 * for the stats. */
typedef struct fr_layer_moment {
    uint64_t cpu_ns, clock_ns;
} fr_layer_moment;

fr_layer_moment fr_layer_moment_now(void);

/* The time since then, without that of reading the clocks. */
fr_layer_moment fr_layer_moment_since(fr_layer_moment since);

/* What the thread did since then is left out of what it does; its CPU time. */
uint64_t fr_layer_leave_out(fr_layer_moment since);

/* Commands for the copies into one more slot, or stage, were recorded. */
void fr_layer_stats_note_recording(uint64_t cpu_ns);

/* One present whose hook took so much. */
void fr_layer_stats_note(fr_layer_fate fate, uint64_t cpu_ns, uint64_t clock_ns);

/* One use of a queue whose hook took so much. */
void fr_layer_stats_note_use(uint64_t clock_ns);

/* The layer's thread has used `cpu_ns` more. */
void fr_layer_stats_note_thread(uint64_t cpu_ns);

/* One copy that the GPU has made, in `gpu_ns`; 0: not measured. */
void fr_layer_stats_note_gpu(fr_layer_fate fate, fr_layer_means means, uint64_t gpu_ns);

/* A line for each of them, once. */
void fr_layer_stats_say(void);

#endif
