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

/* Of a buffer over shared memory: converters read it, read-backs fill it. */
#define FR_VK_SHARED_BUFFER_USAGE                                                                            \
    ((VkBufferUsageFlags)VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |             \
     VK_BUFFER_USAGE_TRANSFER_DST_BIT)

#endif
