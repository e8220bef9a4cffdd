/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/shade.h"

/* Made by glslangValidator, see shaders/meson.build. */
#include <stdint.h>

#include "backend/vulkan/shaders/rgb10a2_p010_buffer_blocks.h"
#include "backend/vulkan/shaders/rgb10a2_p010_buffer_pairs.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_blocks.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_pairs.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_shuffled.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer_blocks.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer_pairs.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_blocks.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_pairs.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_shuffled.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer_blocks.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer_pairs.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_blocks.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_pairs.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_shuffled.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer_blocks.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer_pairs.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_blocks.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_pairs.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_shuffled.h"

#define CODE(name)                                                                                           \
    {                                                                                                        \
        name, sizeof(name)                                                                                   \
    }
#define IMAGE(name)                                                                                          \
    {                                                                                                        \
        CODE(name##_image_blocks), CODE(name##_image_pairs), CODE(name##_image_shuffled)                     \
    }
#define BUFFER(name)                                                                                         \
    {                                                                                                        \
        CODE(name##_buffer_blocks), CODE(name##_buffer_pairs)                                                \
    }

/* [buffers][enum fr_vk_cut] */
struct pair {
    fr_format from, to;
    struct fr_vk_code code[2][3];
};

static const struct pair pairs[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, {IMAGE(rgb8_nv12), BUFFER(rgb8_nv12)}},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, {IMAGE(rgb8_nv12), BUFFER(rgb8_nv12)}},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, {IMAGE(rgb10a2_p010), BUFFER(rgb10a2_p010)}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, {IMAGE(rgba16f_p010), BUFFER(rgba16f_p010)}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, {IMAGE(rgba16f_nv12), BUFFER(rgba16f_nv12)}},
};

bool fr_vk_code_find(fr_format from, fr_format to, bool buffers, enum fr_vk_cut cut, struct fr_vk_code *out)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].from == from && pairs[i].to == to) {
            *out = pairs[i].code[buffers][cut];
            return out->words != NULL;
        }
    return false;
}
