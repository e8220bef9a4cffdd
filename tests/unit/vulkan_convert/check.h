/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_CONVERT_CHECK_H
#define FR_TESTS_UNIT_VULKAN_CONVERT_CHECK_H

/* Conversions on the device, and what they are held against. */

#include "rig.h"

#include "../convert/picture.h"

/* Pictures are filled with this before they are converted to: what no block covers must keep it. */
enum { CANARY = 0xc7 };

struct check {
    struct fr_vk_device *device;
    fr_convert_params params;
    bool buffers;
    struct fr_vk_variant variant; /* columns 0: the default */
    const struct fr_parts *parts; /* NULL: all */
};

/* How a GPU reads images; lavapipe would take blocks. */
extern const struct fr_vk_variant check_as_on_gpus;

/* Fills a picture with canaries; not one that is read back by copies. */
void check_paint(struct fr_vk_picture *picture);

/* The codes of a mapped picture; asserts the canaries around those that blocks of `columns` cover. */
codes check_read(const struct fr_vk_picture *picture, uint32_t columns);

/* Converts tightly packed pixels by a converter and a picture made for it. Free with codes_free. */
codes check_convert(const struct check *check, const void *pixels);

/* Against the CPU's converter: `within` codes, equal in `share`. */
void check_against_cpu(const struct check *check, const void *pixels, int within, double share);

void check_equal(const codes *a, const codes *b);

#endif
