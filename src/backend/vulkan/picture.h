/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_PICTURE_H
#define FR_BACKEND_VULKAN_PICTURE_H

/* A picture of the out ring: one memory, seen as a buffer by our shaders and as two linear images by others.
 */

#include "backend/vulkan/device.h"
#include "backend/vulkan/vulkan.h"

struct fr_vk_picture {
    struct fr_vk_device *device;
    uint32_t width, height;
    fr_format format;
    VkDeviceMemory memory;
    VkDeviceSize bytes, offset_bytes[2], pitch_bytes[2];
    VkBuffer buffer;
    VkImage image[2];
    uint64_t value; /* of device->progress when the pixels are complete */
    /* Read-back: made by the first map, filled by every conversion from then on. Under the device's lock. */
    VkBuffer staging;
    VkDeviceMemory staging_memory;
    void *mapped;
    bool wanted, staged;
};

fr_status fr_vk_picture_create(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                               struct fr_picture *out);
fr_status fr_vk_picture_map(const struct fr_picture *picture, struct fr_picture *out);

#endif
