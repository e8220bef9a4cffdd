/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/converter.h"

#include "common/log.h"

#include <stdlib.h>

/* Whoever makes rings rounds rows up to so much at most. */
enum { SOURCE_PITCH_MOST = 256 };

static const struct {
    fr_format from, to;
    const char *name;
} names[] = {
    {FR_FORMAT_BGRA8, FR_FORMAT_NV12, "convert_bgra_nv12_vulkan"},
    {FR_FORMAT_RGBA8, FR_FORMAT_NV12, "convert_rgba_nv12_vulkan"},
    {FR_FORMAT_RGB10A2, FR_FORMAT_P010, "convert_rgb10a2_p010_vulkan"},
    {FR_FORMAT_RGBA16F, FR_FORMAT_P010, "convert_rgba16f_p010_vulkan"},
    {FR_FORMAT_RGBA16F, FR_FORMAT_NV12, "convert_rgba16f_nv12_vulkan"},
};

static const char *name_of(const fr_convert_params *params)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].from == params->from && names[i].to == params->to)
            return names[i].name;
    return NULL;
}

uint32_t fr_vk_band_rows(const struct fr_vk_device *device, uint32_t height, VkDeviceSize source_pitch,
                         const VkDeviceSize pitch[2])
{
    const VkDeviceSize limit = device->limits.maxStorageBufferRange;
    VkDeviceSize rows = limit / pitch[0];
    if (rows > 2 * (limit / pitch[1]))
        rows = 2 * (limit / pitch[1]);
    if (source_pitch && rows > limit / source_pitch)
        rows = limit / source_pitch;
    return rows >= height ? height : (uint32_t)(rows / FR_VK_BAND_ROWS_UNIT * FR_VK_BAND_ROWS_UNIT);
}

uint32_t fr_vk_count_bands(uint32_t height, uint32_t rows)
{
    return rows ? (height + rows - 1) / rows : UINT32_MAX;
}

static VkDeviceSize source_pitch_most(VkDeviceSize row_bytes)
{
    return (row_bytes + SOURCE_PITCH_MOST - 1) / SOURCE_PITCH_MOST * SOURCE_PITCH_MOST;
}

/* A picture's rows are shorter than those that it is made of. */
bool fr_vk_converter_reads(const struct fr_vk_device *device, uint32_t height, VkDeviceSize pitch_bytes)
{
    const VkDeviceSize source = source_pitch_most(pitch_bytes), planes[2] = {source, source};
    return fr_vk_count_bands(height, fr_vk_band_rows(device, height, source, planes)) <= FR_VK_BANDS_MAX;
}

/* A block's rows must be whole parts of the planes' rows. */
static void fit_variant(struct fr_vk_variant *variant, fr_format to, const VkDeviceSize pitch[2])
{
    const uint32_t code_bytes = to == FR_FORMAT_P010 ? 2 : 1;
    while (variant->columns > 4 &&
           (pitch[0] % (variant->columns * code_bytes) || pitch[1] % (variant->columns * code_bytes)))
        variant->columns /= 2;
}

static VkResult make_descriptors(struct fr_vk_converter *converter)
{
    const struct fr_vk_functions *vk = &converter->device->vk;
    VkDevice device = converter->device->device;
    const uint32_t count = FR_VK_FLIGHTS * converter->num_bands, images = converter->buffers ? 0 : count;
    const VkDescriptorPoolSize sizes[2] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 3 * count - images},
                                           {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, images}};
    const VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = count,
        .poolSizeCount = images ? 2 : 1,
        .pPoolSizes = sizes,
    };
    VkResult result = vk->CreateDescriptorPool(device, &pool, NULL, &converter->descriptors);
    const VkDescriptorSetAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = converter->descriptors,
        .descriptorSetCount = 1,
        .pSetLayouts = &converter->shade.set_layout,
    };
    for (uint32_t i = 0; i < FR_VK_FLIGHTS; i++)
        for (uint32_t band = 0; band < converter->num_bands && result == VK_SUCCESS; band++)
            result = vk->AllocateDescriptorSets(device, &allocate, &converter->flight[i].set[band]);
    return result;
}

static VkResult make_commands(struct fr_vk_converter *converter)
{
    const struct fr_vk_functions *vk = &converter->device->vk;
    VkDevice device = converter->device->device;
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = converter->device->family,
    };
    VkResult result = vk->CreateCommandPool(device, &pool, NULL, &converter->commands);
    const VkCommandBufferAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = converter->commands,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    for (uint32_t i = 0; i < FR_VK_FLIGHTS && result == VK_SUCCESS; i++) {
        result = vk->AllocateCommandBuffers(device, &allocate, &converter->flight[i].command);
        if (result == VK_SUCCESS)
            fr_vk_device_adopt(converter->device, converter->flight[i].command);
    }
    return result;
}

static bool plan(struct fr_vk_converter *converter, struct fr_vk_variant *variant)
{
    const fr_convert_params *const params = &converter->params;
    struct fr_vk_device *device = converter->device;
    VkDeviceSize pitch[2], source = 0;
    (void)fr_vk_picture_layout(device, params->width, params->height, params->to, pitch);
    if (converter->buffers)
        source = source_pitch_most((VkDeviceSize)params->width * fr_format_pixel_bytes(params->from));
    fit_variant(variant, params->to, pitch);
    converter->num_bands =
        fr_vk_count_bands(params->height, fr_vk_band_rows(device, params->height, source, pitch));
    const uint32_t side = device->limits.maxImageDimension2D;
    return converter->num_bands <= FR_VK_BANDS_MAX &&
           (converter->buffers || (params->width <= side && params->height <= side));
}

fr_status fr_vk_converter_create_variant(struct fr_vk_converter **out, struct fr_vk_device *device,
                                         const fr_convert_params *params, bool buffers,
                                         const struct fr_vk_variant *variant, const fr_log *log)
{
    *out = NULL;
    const char *name = name_of(params);
    if (!name)
        return FR_ERR_UNSUPPORTED;
    struct fr_vk_converter *converter = calloc(1, sizeof(*converter));
    if (!converter)
        return FR_ERR_NO_MEMORY;
    converter->device = fr_vk_device_ref(device);
    converter->params = *params;
    converter->buffers = buffers;
    converter->name = name;
    struct fr_vk_variant fitting = *variant;
    fr_status status = FR_ERR_UNSUPPORTED;
    if (plan(converter, &fitting))
        status = fr_vk_shade_init(&converter->shade, device, params, buffers, &fitting);
    if (status == FR_ERR_UNSUPPORTED)
        fr_log_write(log, FR_LOG_WARNING, "\"%s\" cannot convert pictures of %ux%u", device->name,
                     params->width, params->height);
    VkResult result = VK_SUCCESS;
    if (status == FR_OK)
        result = make_descriptors(converter);
    if (status == FR_OK && result == VK_SUCCESS)
        result = make_commands(converter);
    if (result != VK_SUCCESS)
        status = fr_vk_device_status(device, result);
    if (status != FR_OK) {
        fr_vk_converter_destroy(converter);
        return status;
    }
    fr_vk_push_tone(&converter->push, params);
    *out = converter;
    return FR_OK;
}

fr_status fr_vk_converter_create(struct fr_vk_converter **out, struct fr_vk_device *device,
                                 const fr_convert_params *params, bool buffers, const fr_log *log)
{
    const struct fr_vk_variant variant = fr_vk_variant_default(device, params->from, params->to, buffers);
    return fr_vk_converter_create_variant(out, device, params, buffers, &variant, log);
}

void fr_vk_converter_destroy(struct fr_vk_converter *converter)
{
    if (!converter)
        return;
    struct fr_vk_device *device = converter->device;
    uint64_t last = 0;
    for (uint32_t i = 0; i < FR_VK_FLIGHTS; i++)
        if (converter->flight[i].value > last)
            last = converter->flight[i].value;
    /* What a GPU that hangs may still read is left to it. */
    if (fr_vk_device_wait(device, last, FR_VK_GPU_WAIT_NS) == FR_TIMEOUT)
        return;
    device->vk.DestroyCommandPool(device->device, converter->commands, NULL);
    device->vk.DestroyDescriptorPool(device->device, converter->descriptors, NULL);
    fr_vk_shade_finish(&converter->shade, device);
    fr_vk_device_unref(device);
    free(converter);
}

const char *fr_vk_converter_name(const struct fr_vk_converter *converter)
{
    return converter->name;
}
