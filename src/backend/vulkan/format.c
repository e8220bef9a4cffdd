/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/format.h"

#include "backend/vulkan/vulkan.h"

const fr_format fr_vk_ring_formats[FR_VK_RING_FORMATS] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA8, FR_FORMAT_RGB10A2,
                                                          FR_FORMAT_RGBA16F};

VkFormat fr_vk_format(fr_format format)
{
    switch (format) {
    case FR_FORMAT_BGRA8: return VK_FORMAT_B8G8R8A8_UNORM;
    case FR_FORMAT_RGBA8: return VK_FORMAT_R8G8B8A8_UNORM;
    case FR_FORMAT_RGB10A2: return VK_FORMAT_A2B10G10R10_UNORM_PACK32;
    case FR_FORMAT_RGBA16F: return VK_FORMAT_R16G16B16A16_SFLOAT;
    default: return VK_FORMAT_UNDEFINED;
    }
}

VkFormat fr_vk_plane_format(fr_format format, uint32_t plane)
{
    if (format == FR_FORMAT_P010)
        return plane ? VK_FORMAT_R16G16_UNORM : VK_FORMAT_R16_UNORM;
    return plane ? VK_FORMAT_R8G8_UNORM : VK_FORMAT_R8_UNORM;
}

/* A copy between an sRGB and a UNORM image of the same bits moves the bits. */
fr_format fr_vk_ring_format(uint32_t vk_format)
{
    switch (vk_format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
    case VK_FORMAT_B8G8R8A8_SRGB: return FR_FORMAT_BGRA8;
    case VK_FORMAT_R8G8B8A8_UNORM:
    case VK_FORMAT_R8G8B8A8_SRGB: return FR_FORMAT_RGBA8;
    case VK_FORMAT_A2B10G10R10_UNORM_PACK32: return FR_FORMAT_RGB10A2;
    case VK_FORMAT_R16G16B16A16_SFLOAT: return FR_FORMAT_RGBA16F;
    default: return FR_FORMAT_NONE;
    }
}

void fr_vk_image_describe(const fr_vulkan_image *image, uint32_t *width, uint32_t *height, fr_format *format)
{
    *width = image->width;
    *height = image->height;
    *format = fr_vk_ring_format(image->format);
}
