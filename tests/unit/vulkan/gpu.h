/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_GPU_H
#define FR_TESTS_UNIT_VULKAN_GPU_H

/* What the tests of the Vulkan backend share. The device is lavapipe (meson.build), under the validation
 * layer, whose errors end the program; FRAMERING_TEST_GPU names another one. */

#include "backend/vulkan/command.h"
#include "backend/vulkan/memory.h"
#include "backend/vulkan/vulkan.h"

#include <framering/capture.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* How a program of these tests ends that is not validated, before its main: see validated.c. */
enum { GPU_NOT_VALIDATED = 99 };

/* What ends a child that does this: SIGTRAP, the validation layer; 0, nothing; -1, something else that
 * failed. To be called before there is a device, whose threads a child has not. */
int gpu_signal_that_ends(void (*what)(void));

/* To stderr. */
const fr_log *gpu_log(void);

/* Of a capture whose device may be as slow as the machine is busy. */
const fr_capture_timing *gpu_timing(void);

/* A part of the device's name. */
const char *gpu_name(void);

/* The device that a program renders with. */
struct gpu {
    struct fr_vk_device *device;
    struct fr_vk_commands commands;
    fr_vulkan_source_params params;
};

/* `get`: another loader; NULL: the real one. */
void gpu_open(struct gpu *gpu, PFN_vkGetInstanceProcAddr get);
/* On a device that is there. */
void gpu_open_on(struct gpu *gpu, struct fr_vk_device *device);
void gpu_close(struct gpu *gpu);

/* A source for target 7 in that runtime folder, of an SDR display at 60 Hz. `vulkan` NULL: of memory. */
fr_source *gpu_open_source(const char *dir, uint32_t width, uint32_t height,
                           const fr_vulkan_source_params *vulkan);

/* An image of that device, with tight rows of pixels in it, in `layout`. */
struct gpu_image {
    struct fr_vk_image image;
    fr_vulkan_image push;
};

void gpu_image_create(struct gpu *gpu, uint32_t width, uint32_t height, fr_format format,
                      const uint8_t *pixels, VkImageLayout layout, struct gpu_image *out);
void gpu_image_destroy(struct gpu *gpu, struct gpu_image *image);

/* Reads tight rows of an image in layout GENERAL; `outside`: the queue family that it is taken over
 * from and given back to, or IGNORED. */
void gpu_read(struct fr_vk_device *device, struct fr_vk_commands *commands, VkImage image, uint32_t outside,
              uint32_t width, uint32_t height, fr_format format, uint8_t *out);

#endif
