/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_FORMAT_H
#define FR_BACKEND_VULKAN_FORMAT_H

/* The formats of slots and pictures, as Vulkan calls them. */

#include "backend/vulkan/device.h"

/* Of every ring; FR_VK_RING_FORMATS of them. */
extern const fr_format fr_vk_ring_formats[FR_VK_RING_FORMATS];

/* The VkFormat of a ring format; VK_FORMAT_UNDEFINED: no ring has it. */
VkFormat fr_vk_format(fr_format format);

/* What plane 0 (Y) and 1 (CbCr) of NV12 or P010 are as images. */
VkFormat fr_vk_plane_format(fr_format format, uint32_t plane);

#endif
