/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_CONVERT_H
#define FR_BACKEND_VULKAN_CONVERT_H

/* What turns slots into pictures: one compute dispatch that reads each texel once and writes both planes. */

#include "backend/vulkan/picture.h"

/* One slot, to be read. */
struct fr_vk_input {
    VkImage image; /* in layout GENERAL, owned by VK_QUEUE_FAMILY_EXTERNAL; VK_NULL_HANDLE: a buffer */
    VkImageView view;
    VkBuffer buffer; /* storage usage */
    VkDeviceSize offset_bytes;
    uint32_t pitch_bytes;
    VkSemaphore ready; /* shared timeline that has reached ready_value; VK_NULL_HANDLE: none */
    uint64_t ready_value;
    VkSemaphore retire; /* signalled with retire_value when the slot has been read; VK_NULL_HANDLE: none */
    uint64_t retire_value;
};

struct fr_vk_converter;

/* `buffers`: it reads buffers, not images. FR_ERR_UNSUPPORTED, logged. */
fr_status fr_vk_converter_create(struct fr_vk_converter **out, struct fr_vk_device *device,
                                 const fr_convert_params *params, bool buffers, const fr_log *log);
/* Waits for what it submitted. */
void fr_vk_converter_destroy(struct fr_vk_converter *converter); /* accepts NULL */
const char *fr_vk_converter_name(const struct fr_vk_converter *converter);
/* Submits, and returns. `parts`: what the picture lacks, possibly nothing (the slot is still taken over and
 * given back, and the semaphores signalled); NULL: all of it. The picture's `value` is what device->progress
 * reaches then; so is *done. */
fr_status fr_vk_convert(struct fr_vk_converter *converter, const struct fr_vk_input *input,
                        const struct fr_parts *parts, struct fr_vk_picture *picture, uint64_t *done);

#endif
