/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/shade.h"

/* Made by glslangValidator, see shaders/meson.build. */
#include <stdint.h>

#include "backend/vulkan/shaders/rgb10a2_p010_buffer.h"
#include "backend/vulkan/shaders/rgb10a2_p010_buffer_subgroups.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image.h"
#include "backend/vulkan/shaders/rgb10a2_p010_image_subgroups.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer.h"
#include "backend/vulkan/shaders/rgb8_nv12_buffer_subgroups.h"
#include "backend/vulkan/shaders/rgb8_nv12_image.h"
#include "backend/vulkan/shaders/rgb8_nv12_image_subgroups.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer.h"
#include "backend/vulkan/shaders/rgba16f_nv12_buffer_subgroups.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image.h"
#include "backend/vulkan/shaders/rgba16f_nv12_image_subgroups.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer.h"
#include "backend/vulkan/shaders/rgba16f_p010_buffer_subgroups.h"
#include "backend/vulkan/shaders/rgba16f_p010_image.h"
#include "backend/vulkan/shaders/rgba16f_p010_image_subgroups.h"

#define CODE(name)                                                                                           \
    {                                                                                                        \
        name, sizeof(name)                                                                                   \
    }
#define CODES(name)                                                                                          \
    {                                                                                                        \
        {CODE(name##_image), CODE(name##_image_subgroups)},                                                  \
        {                                                                                                    \
            CODE(name##_buffer), CODE(name##_buffer_subgroups)                                               \
        }                                                                                                    \
    }

/* [buffers][subgroups] */
struct pair {
    fr_format from, to;
    struct fr_vk_code code[2][2];
};

static const struct pair pairs[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, CODES(rgb8_nv12)},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, CODES(rgb8_nv12)},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, CODES(rgb10a2_p010)},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, CODES(rgba16f_p010)},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, CODES(rgba16f_nv12)},
};

bool fr_vk_code_find(fr_format from, fr_format to, bool buffers, bool subgroups, struct fr_vk_code *out)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i].from == from && pairs[i].to == to) {
            *out = pairs[i].code[buffers][subgroups];
            return true;
        }
    return false;
}
