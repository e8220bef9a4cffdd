/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Converters and pictures, until they are in the tree. */
#include "backend/vulkan/convert.h"
#include "backend/vulkan/vulkan.h"

#pragma weak fr_vk_converter_create
#pragma weak fr_vk_converter_destroy
#pragma weak fr_vk_converter_name
#pragma weak fr_vk_convert
#pragma weak fr_vk_picture_create
#pragma weak fr_vk_picture_destroy
#pragma weak fr_vk_picture_map
#pragma weak fr_vk_picture_get
#pragma weak fr_vk_picture_export

fr_status fr_vk_converter_create(struct fr_vk_converter **out, struct fr_vk_device *device,
                                 const fr_convert_params *params, bool buffers, const fr_log *log)
{
    (void)device, (void)params, (void)buffers, (void)log;
    *out = NULL;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_converter_destroy(struct fr_vk_converter *converter)
{
    (void)converter;
}

const char *fr_vk_converter_name(const struct fr_vk_converter *converter)
{
    (void)converter;
    return "";
}

fr_status fr_vk_convert(struct fr_vk_converter *converter, const struct fr_vk_input *input,
                        const struct fr_parts *parts, struct fr_vk_picture *picture, uint64_t *done)
{
    (void)converter, (void)input, (void)parts, (void)picture, (void)done;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_vk_picture_create(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                               struct fr_picture *out)
{
    (void)device, (void)width, (void)height, (void)format, (void)out;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_picture_destroy(struct fr_picture *picture)
{
    (void)picture;
}

fr_status fr_vk_picture_map(const struct fr_picture *picture, struct fr_picture *out)
{
    (void)picture, (void)out;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_picture_get(const struct fr_picture *picture, fr_vulkan_picture *out)
{
    (void)picture;
    *out = (fr_vulkan_picture){0};
}

fr_status fr_vk_picture_export(const struct fr_picture *picture, fr_vulkan_handle_kind kind, int *out)
{
    (void)picture, (void)kind;
    *out = -1;
    return FR_ERR_UNSUPPORTED;
}
