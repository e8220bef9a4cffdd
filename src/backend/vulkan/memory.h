/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_MEMORY_H
#define FR_BACKEND_VULKAN_MEMORY_H

/* Images and buffers with memory of their own, shared and not. */

#include "backend/vulkan/device.h"

/* The images of a ring are all made like this, by both sides. */
#define FR_VK_SLOT_USAGE                                                                                     \
    ((VkImageUsageFlags)VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |                       \
     VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT)

/* These, and STORAGE where images that are shared as OPAQUE_FD can have it: both sides find the same, being
 * the same driver on the same device. */
VkImageUsageFlags fr_vk_slot_usage(const struct fr_vk_device *device, enum fr_slots_kind kind,
                                   fr_format format);

/* The queue family that the images of a ring belong to between two uses, by both sides' devices. */
uint32_t fr_vk_outside_family(enum fr_slots_kind kind, const struct fr_gpu *a, const struct fr_gpu *b);

/* Of a buffer over shared memory: converters read it, read-backs fill it. */
#define FR_VK_SHARED_BUFFER_USAGE                                                                            \
    ((VkBufferUsageFlags)VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |             \
     VK_BUFFER_USAGE_TRANSFER_DST_BIT)

/* A slot. All zero: none. */
struct fr_vk_image {
    VkImage image;
    VkDeviceMemory memory;
};

/* How images of a ring are to be shared. */
struct fr_vk_sharing {
    enum fr_slots_kind kind; /* FR_SLOTS_OPAQUE_FD or _DMA_BUF */
    uint32_t width, height;
    fr_format format;
    const uint64_t *modifiers; /* DMA_BUF: those that both sides have */
    uint32_t num_modifiers;
};

/* A descriptor of memory that was made to be exported so; *fd is the caller's, -1 on failure.
 * VK_ERROR_INVALID_EXTERNAL_HANDLE: it is a file, and who gets it could cut it off. */
VkResult fr_vk_memory_export(const struct fr_vk_device *device, VkDeviceMemory memory,
                             VkExternalMemoryHandleTypeFlagBits type, int *fd);

/* An image whose memory others can import. *layout: what they need to know; *fd as above. Nothing is left on
 * failure: VK_ERROR_OUT_OF_DEVICE_MEMORY also where it is larger than an allocation can be. */
VkResult fr_vk_image_export(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                            struct fr_vk_image *out, struct fr_gpu_image *layout, int *fd);
/* The same image over the memory behind `fd`, which stays the caller's. Nothing is left on failure:
 * VK_ERROR_INVALID_EXTERNAL_HANDLE: what `layout` says of it cannot be. */
VkResult fr_vk_image_import(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                            const struct fr_gpu_image *layout, int fd, struct fr_vk_image *out);
void fr_vk_image_destroy(const struct fr_vk_device *device, struct fr_vk_image *image); /* accepts none */

/* A view of all of a colour image, for one use. */
VkResult fr_vk_view_create(const struct fr_vk_device *device, VkImage image, VkFormat format,
                           VkImageUsageFlags usage, VkImageView *out);

/* All zero: none. */
struct fr_vk_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    void *mapped; /* where `wanted` had HOST_VISIBLE */
};

/* Nothing is left on failure. */
VkResult fr_vk_buffer_create(const struct fr_vk_device *device, VkDeviceSize bytes, VkBufferUsageFlags usage,
                             VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags preferred,
                             struct fr_vk_buffer *out);
/* A buffer over memory of this process, which outlives it; pointer and size are multiples of
 * host_pointer_align. */
VkResult fr_vk_buffer_import(const struct fr_vk_device *device, void *ptr, VkDeviceSize bytes,
                             struct fr_vk_buffer *out);
void fr_vk_buffer_destroy(const struct fr_vk_device *device, struct fr_vk_buffer *buffer); /* accepts none */

#endif
