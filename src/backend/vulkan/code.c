/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/shade.h"

/* Made by glslangValidator, see shaders/meson.build. */
#include <stdint.h>

#include "backend/vulkan/shaders/rgb10a2_p010_buffer_blocks.h"
#include "backend/vulkan/shaders/rgb10a2_p010_buffer_pairs.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_blocks.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_pairs.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer_blocks.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer_pairs.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_blocks.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_pairs.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer_blocks.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer_pairs.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_blocks.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_pairs.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer_blocks.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer_pairs.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_blocks.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_pairs.h"

#define CODE(name)                                                                                           \
    {                                                                                                        \
        name, sizeof(name)                                                                                   \
    }
#define WAYS(name)                                                                                           \
    {                                                                                                        \
        CODE(name##_blocks), CODE(name##_pairs)                                                              \
    }

/* [buffers][in pairs] */
struct pair {
    fr_format from, to;
    struct fr_vk_code code[2][2];
};

static const struct pair pairs[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, {WAYS(rgb8_nv12_image), WAYS(rgb8_nv12_buffer)}},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, {WAYS(rgb8_nv12_image), WAYS(rgb8_nv12_buffer)}},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, {WAYS(rgb10a2_p010_image), WAYS(rgb10a2_p010_buffer)}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, {WAYS(rgba16f_p010_image), WAYS(rgba16f_p010_buffer)}},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, {WAYS(rgba16f_nv12_image), WAYS(rgba16f_nv12_buffer)}},
};

bool fr_vk_code_find(fr_format from, fr_format to, bool buffers, bool in_pairs, struct fr_vk_code *out)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].from == from && pairs[i].to == to) {
            *out = pairs[i].code[buffers][in_pairs];
            return true;
        }
    return false;
}
