/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef VULKAN_LAYER_OPTIONS_H
#define VULKAN_LAYER_OPTIONS_H

/*
 *   presenter [--format N] [--space N] [--size WxH] [--fps N] [--frames N] [--resize N:WxH]... [--nits N]
 *             [--colour R,G,B] [--linger S] [--exit] [--validated] [--features writable|constant]
 *             [--second WxH:FIRST:LAST] [--marks] [--again] [--keep] [--work N] [--flight N] [--bytes]
 *             [--times FILE]
 * Formats and colour spaces are Vulkan's numbers. --resize: at that frame, or, for 0, at the next SIGUSR1.
 * SIGINT ends the frames. --linger: stands still for so long after the last frame, or until SIGINT.
 * --exit: ends without destroying anything. --second: another window beside it, which presents from one
 * frame to another, or, for 0, from one SIGUSR1 to the next. --marks: frame N adds a white block of 16x16
 * in place N % 240 of 20 columns, from the left and the top, and another from the right and the bottom,
 * and says that these changed (VK_KHR_incremental_present). --again: when the device is lost, all that
 * belongs to it is destroyed and made anew, and the frame is shown there. --keep: a lost device is left as
 * it is (end with --exit). --work: the GPU clears each image so many times first. --flight: so many frames
 * may be under way, 1 to 4; the picture is to stand still then. --bytes: a picture that has every byte in
 * every place. --times: a line for each present, when it began and how long it took, in ns.
 */

#include <stdbool.h>
#include <stdint.h>

#include <vulkan/vulkan.h>

enum { RESIZES_MAX = 16 };

typedef struct options {
    VkFormat format;
    VkColorSpaceKHR space;
    uint32_t width, height, fps, frames, nits, linger_s, work, flight;
    struct {
        uint32_t at, width, height;
    } resize[RESIZES_MAX];
    uint32_t num_resizes;
    uint32_t second_width, second_height, second_first, second_last; /* 0: none */
    bool marks, again, keep, bytes, one_colour, bare_exit, validated, features_writable, features_constant;
    float colour[3];
    const char *times;
} options;

extern options o;

/* NULL, or the argument that is none. */
const char *options_read(int argc, char **argv);

#endif
