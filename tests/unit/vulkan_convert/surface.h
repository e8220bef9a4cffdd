/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_CONVERT_SURFACE_H
#define FR_TESTS_UNIT_VULKAN_CONVERT_SURFACE_H

/* Frames of a capture, for the tests of what FFmpeg makes of them. */

#include "check.h"

#include "capture/out_ring.h"

#include <libavutil/frame.h>

/* One surface, a frame of it, and what fills it. */
struct surface {
    struct fr_vk_device *device;
    struct fr_vk_converter *converter;
    struct rig_slot slot;
    struct fr_out_ring ring;
    fr_frame frame;
    uint64_t random;
};

void surface_open(struct surface *s, const fr_convert_params *way);
/* `images` false: without linear images, and not exported as OPAQUE_FD. */
void surface_open_with(struct surface *s, const fr_convert_params *way, bool images);
/* No frame is held any more but this one. */
void surface_close(struct surface *s);

/* Another picture, random. */
void surface_convert(struct surface *s);
/* Another memory for it, with another picture. */
void surface_renew(struct surface *s);

enum AVPixelFormat surface_memory_format(const struct surface *s);
/* What our own map shows. */
void surface_expect_pixels(const struct surface *s, const AVFrame *found);
void surface_expect_description(const struct surface *s, const AVFrame *frame);
/* Through FFmpeg's download. */
void surface_expect_download(const struct surface *s, const AVFrame *gpu);

#endif
