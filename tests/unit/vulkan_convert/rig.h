/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_CONVERT_RIG_H
#define FR_TESTS_UNIT_VULKAN_CONVERT_RIG_H

/* Slots and pictures on one device, for the tests and measurements of conversions. */

#include "vulkan/gpu.h"

#include "backend/vulkan/convert.h"

/* Any device that is there (lavapipe in the tests). */
struct fr_vk_device *rig_device(void);

/* Until the device's progress is `value`; longer than the library waits, as a busy machine may be slow. */
void rig_wait(struct fr_vk_device *device, uint64_t value);

/* A slot of a host's own: an image as those of a ring, or a buffer. */
struct rig_slot {
    struct fr_vk_device *device;
    struct fr_vk_input input;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    uint32_t width, height;
    fr_format format;
};

void rig_slot_init(struct rig_slot *slot, struct fr_vk_device *device, fr_format format, uint32_t width,
                   uint32_t height, bool buffer);
/* Rows lie tightly in `pixels`. */
void rig_slot_fill(struct rig_slot *slot, const void *pixels);
void rig_slot_finish(struct rig_slot *slot);

/* A buffer that the host can write; mapped. */
VkBuffer rig_buffer(struct fr_vk_device *device, VkDeviceSize bytes, VkBufferUsageFlags usage,
                    VkDeviceMemory *memory, void **mapped);
/* Records by `record`, submits, and waits. */
void rig_submit(struct fr_vk_device *device,
                void (*record)(struct fr_vk_device *device, VkCommandBuffer command, void *arg), void *arg);

#endif
