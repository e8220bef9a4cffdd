/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef VULKAN_LAYER_FIGURES_H
#define VULKAN_LAYER_FIGURES_H

/* What a program feels of whatever lies below it. The first half of its frames is left out: there everything
 * still finds its pace. But for the longest present. */

#include <stdbool.h>
#include <stdint.h>

/* `file`: gets a line for each present, its begin (fr_clock_now_ns) and its time; NULL: none. False: it
 * cannot be written. */
bool figures_begin(uint32_t frames, const char *file);

/* A frame whose vkQueuePresentKHR began then, and has returned. */
void figures_note(uint32_t frame, uint64_t present_begin_ns);

/* One line: frames in a second, the present's time, the CPU time of the whole process for each frame. */
void figures_say(void);

/* "N files, N threads" that the process has open, and runs. */
void figures_say_open(const char *when);

#endif
