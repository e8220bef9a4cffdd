/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_CONVERTER_H
#define FR_BACKEND_VULKAN_CONVERTER_H

/* A converter's inside: convert.c makes it, convert_submit.c uses it. */

#include "backend/vulkan/convert.h"

/* A band is what one descriptor can see of a picture: a number of rows from which on every plane's row is
 * aligned for a storage buffer. */
enum { FR_VK_BAND_ROWS_UNIT = 128, FR_VK_BANDS_MAX = 64, FR_VK_SOURCE_PITCH_ALIGN = 16 };

/* One conversion under way. */
struct fr_vk_flight {
    VkCommandBuffer command;
    VkDescriptorSet set[FR_VK_BANDS_MAX];
    uint64_t value; /* of progress when it is done */
    /* What `command` does, by its serials: all of this slot to this picture, which is not busy. 0: something
     * else. */
    uint64_t slot, picture;
};

struct fr_vk_converter {
    struct fr_vk_device *device;
    fr_convert_params params;
    bool buffers;
    const char *name;
    struct fr_vk_shade shade;
    struct fr_vk_push push;
    VkCommandPool commands;
    VkDescriptorPool descriptors;
    uint32_t num_bands; /* at most */
    struct fr_vk_flight flight[FR_VK_FLIGHTS];
};

/* Rows that every bound buffer sees at once; all of a picture as a rule. 0: none. `source_pitch` 0: an image.
 */
uint32_t fr_vk_band_rows(const struct fr_vk_device *device, uint32_t height, VkDeviceSize source_pitch,
                         const VkDeviceSize pitch[2]);
uint32_t fr_vk_count_bands(uint32_t height, uint32_t rows);

#endif
