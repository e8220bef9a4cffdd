/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_STATS_H
#define FRAMERING_SOURCES_LAYER_STATS_H

/* What the layer cost and what became of the frames, said at the end with FRAMERING_CAPTURE_STATS=1. */

#include <stdint.h>

typedef enum fr_layer_fate {
    FR_LAYER_FATE_PASSED = 0, /* nobody wanted it */
    FR_LAYER_FATE_SLOT,       /* copied straight into the ring */
    FR_LAYER_FATE_STAGE,      /* copied into a stage, and from there into the ring or over by a newer one */
    FR_LAYER_FATE_DROPPED,    /* wanted, but there was no place */
    FR_LAYER_FATES
} fr_layer_fate;

/* One present; `cost_ns` of CPU was the layer's. Any thread. */
void fr_layer_stats_note(fr_layer_fate fate, uint64_t cost_ns);

/* One copy that the GPU has made, in `gpu_ns`; 0: not measured. Any thread. */
void fr_layer_stats_note_gpu(fr_layer_fate fate, uint64_t gpu_ns);

/* A line for each fate, once. */
void fr_layer_stats_say(void);

#endif
