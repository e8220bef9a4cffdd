/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_CONVERT_H
#define FR_BACKEND_VULKAN_CONVERT_H

/* What turns slots into pictures: one compute dispatch that reads each texel once and writes both planes. */

#include "backend/vulkan/picture.h"
#include "backend/vulkan/shade.h"

/* One slot, to be read. */
struct fr_vk_input {
    VkImage image;    /* in layout GENERAL; VK_NULL_HANDLE: a buffer */
    uint32_t outside; /* the queue family that owns the image */
    VkImageView view;
    uint64_t serial;           /* of the slot: what was recorded for it is used again; 0: it is not */
    VkBuffer buffer;           /* storage usage; has pitch_bytes for every row */
    VkDeviceSize offset_bytes; /* a multiple of limits.minStorageBufferOffsetAlignment */
    uint32_t pitch_bytes;      /* a multiple of 16 */
    VkSemaphore ready;         /* shared timeline that has reached ready_value; VK_NULL_HANDLE: none */
    uint64_t ready_value;
    VkSemaphore retire; /* signalled with retire_value when the slot has been read; VK_NULL_HANDLE: none */
    uint64_t retire_value;
};

struct fr_vk_converter;

/* Whether converters can read rows that lie so in a buffer: in bands, where a shader does not see all of it.
 */
bool fr_vk_converter_reads(const struct fr_vk_device *device, uint32_t height, VkDeviceSize pitch_bytes);

/* `buffers`: it reads buffers, not images. FR_ERR_UNSUPPORTED: no such pair, or not on this device (logged);
 * FR_ERR_NO_MEMORY, FR_ERR_DEVICE_LOST, FR_ERR_SYSTEM. Used on one thread. */
fr_status fr_vk_converter_create(struct fr_vk_converter **out, struct fr_vk_device *device,
                                 const fr_convert_params *params, bool buffers, const fr_log *log);
/* With another variant than the default. A picture whose rows are too narrow for its blocks gets smaller
 * ones. */
fr_status fr_vk_converter_create_variant(struct fr_vk_converter **out, struct fr_vk_device *device,
                                         const fr_convert_params *params, bool buffers,
                                         const struct fr_vk_variant *variant, const fr_log *log);
/* Waits for what it submitted. */
void fr_vk_converter_destroy(struct fr_vk_converter *converter); /* accepts NULL */
const char *fr_vk_converter_name(const struct fr_vk_converter *converter);
/* Submits, and returns: one submission that takes the image over, converts, gives it back
 * and, where somebody maps pictures, copies. `parts`: what the picture lacks,
 * possibly nothing (the slot is still taken over and given back, and the semaphores signalled); NULL: all of
 * it. *done, which is the picture's `value` too: what device->progress reaches when the pixels are complete
 * and the slot is read. Waits, at most a second, where too many are under way. On failure nothing was
 * submitted. FR_ERR_UNSUPPORTED: an input whose rows lie as fr_vk_input does not allow; FR_ERR_DEVICE_LOST,
 * FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_vk_convert(struct fr_vk_converter *converter, const struct fr_vk_input *input,
                        const struct fr_parts *parts, struct fr_vk_picture *picture, uint64_t *done);

/* Instead of fr_vk_convert: its dispatches alone, into a command buffer of the caller's; the image is in
 * layout GENERAL, owned by the queue's family. `flight`, 0 .. FR_VK_FLIGHTS - 1, is not in another command
 * buffer that is under way; `bound`: it was last recorded for the same. For bench/gpu alone; here, so that
 * what is measured is what fr_vk_convert records and no copy of it. */
enum { FR_VK_FLIGHTS = 16 };
fr_status fr_vk_converter_record(struct fr_vk_converter *converter, uint32_t flight, VkCommandBuffer command,
                                 const struct fr_vk_input *input, struct fr_vk_picture *picture, bool bound);

#endif
