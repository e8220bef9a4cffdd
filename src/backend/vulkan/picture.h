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
    uint64_t serial; /* fr_vk_device_serial */
    uint32_t width, height;
    fr_format format;
    VkDeviceMemory memory;
    VkDeviceSize bytes, offset_bytes[2], pitch_bytes[2];
    VkBuffer buffer;
    VkImage image[2]; /* VK_NULL_HANDLE: the device has no linear images of the planes' formats */
    VkExternalMemoryHandleTypeFlags handle_types; /* that the memory can be exported as */
    uint32_t memory_type;
    uint32_t id; /* as fr_vulkan_picture's */

    /* Under the device's lock. */
    VkImageLayout layout[2]; /* of the images: UNDEFINED until the first conversion */
    uint64_t value; /* of device->progress when the pixels are complete; 0: nothing was converted yet */
    bool exported;  /* others have the memory: it is theirs while no conversion writes it */
    VkCommandPool leaving; /* of what gave it away first */
    /* Read-back. Either the memory itself is mapped, or a copy of it: made by a map, and by a conversion
     * where the pixels before were mapped. */
    bool direct;
    void *mapped;
    VkBuffer staging;
    VkDeviceMemory staging_memory;
    uint32_t staging_type;
    bool wanted, staged;   /* the next conversion copies; the copy of these pixels was submitted */
    uint64_t staged_value; /* of device->copied when the last copy is made; 0: there was none */
    VkCommandPool pool;
    VkCommandBuffer copy; /* from `pool`; may be under way more than once */
    bool copy_exported;   /* `exported` when it was recorded */
};

/* FR_ERR_NO_MEMORY, FR_ERR_DEVICE_LOST, FR_ERR_SYSTEM. */
fr_status fr_vk_picture_create(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                               struct fr_picture *out);
/* As fr_frame_map; waits for the GPU, at most a second. Any thread, several at a time. */
fr_status fr_vk_picture_map(const struct fr_picture *picture, struct fr_picture *out);

/* How the planes of a picture of this size lie; the same for all of them. False: there are no linear images
 * of them, and the planes lie as a buffer wants them. */
bool fr_vk_picture_layout(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                          VkDeviceSize pitch_bytes[2]);

/* ---- picture_export.c; under the device's lock ---- */

/* Around what uses a picture with its pixels, if others have it too: taken over, and given away again. */
void fr_vk_picture_record_take(const struct fr_vk_picture *picture, VkCommandBuffer command,
                               VkPipelineStageFlags stage, VkAccessFlags access);
void fr_vk_picture_record_give(const struct fr_vk_picture *picture, VkCommandBuffer command,
                               VkPipelineStageFlags stage, VkAccessFlags access);

/* ---- picture_map.c, for conversions; under the device's lock ---- */

/* Of a picture that was mapped before: makes the newest pixels readable for the host, on the device's
 * copy_queue when they are converted. So it runs beside the next conversions, and neither the source nor who
 * encodes on the GPU waits for it. */
VkResult fr_vk_picture_submit_copy(struct fr_vk_picture *picture);
void fr_vk_picture_finish_map(struct fr_vk_picture *picture);

#endif
