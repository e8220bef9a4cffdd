/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/shade.h"

#include "convert/curve.h"
#include "convert/rgba16f_p010.h"

#include <math.h>
#include <stddef.h>

_Static_assert(sizeof(struct fr_vk_push) == 64, "as convert.comp has it");

/* The specialization constants of convert.comp; light from 8 on. */
struct constants {
    uint32_t across, down;                     /* 0, 1 */
    int32_t quads, neighbour, lent, by_powers; /* 2 .. 5 */
    VkBool32 blue_first;                       /* 6 */
    float light[4][9];                         /* plain, and the three parts of each factor */
};

enum { LIGHT_FIRST = 8, NUM_LIGHT = 36, NUM_CONSTANTS = 7 + NUM_LIGHT };

struct fr_vk_variant fr_vk_variant_default(const struct fr_vk_device *device, fr_format from, fr_format to,
                                           bool buffers)
{
    (void)from, (void)to;
    /* Processors find shared memory and barriers slow. */
    if (device->type == VK_PHYSICAL_DEVICE_TYPE_CPU)
        return (struct fr_vk_variant){
            .columns = 8, .across = 32, .down = 4, .neighbour = FR_VK_NEIGHBOUR_RELOAD};
    if (buffers)
        return (struct fr_vk_variant){
            .columns = 4, .across = 128, .down = 1, .neighbour = FR_VK_NEIGHBOUR_LEND};
    return (struct fr_vk_variant){.columns = 2, .across = 128, .down = 1, .deep = 2};
}

/* `value` to so many bits that its product with a half is exact in a float. */
static float twelve_bits(double value)
{
    int exponent;
    const double fraction = frexp(value, &exponent);
    return (float)ldexp(nearbyint(ldexp(fraction, 12)), exponent - 12);
}

static void fill_light(struct constants *constants)
{
    for (size_t i = 0; i < 9; i++) {
        const double factor = fr_scrgb_to_bt2020[i / 3][i % 3];
        const float high = twelve_bits(factor);
        const float middle = twelve_bits(factor - (double)high);
        constants->light[0][i] = (float)factor;
        constants->light[1][i] = high;
        constants->light[2][i] = middle;
        constants->light[3][i] = (float)(factor - (double)high - (double)middle);
    }
}

static void fill_entries(VkSpecializationMapEntry entries[NUM_CONSTANTS])
{
    static const uint32_t offsets[7] = {
        offsetof(struct constants, across),     offsetof(struct constants, down),
        offsetof(struct constants, quads),      offsetof(struct constants, neighbour),
        offsetof(struct constants, lent),       offsetof(struct constants, by_powers),
        offsetof(struct constants, blue_first),
    };
    for (uint32_t i = 0; i < 7; i++)
        entries[i] = (VkSpecializationMapEntry){i, offsets[i], 4};
    for (uint32_t i = 0; i < NUM_LIGHT; i++)
        entries[7 + i] = (VkSpecializationMapEntry){LIGHT_FIRST + i,
                                                    (uint32_t)offsetof(struct constants, light) + 4 * i, 4};
}

void fr_vk_push_tone(struct fr_vk_push *push, const fr_convert_params *params)
{
    const uint32_t peak = params->peak_millinits ? params->peak_millinits : 1000000;
    const uint32_t white = params->sdr_white_millinits ? params->sdr_white_millinits : 203000;
    const fr_tone_map map = fr_tone_map_init(fmin(peak / 1000.0, 10000), fmin(white / 1000.0, 10000));
    const bool maps = map.target_peak < map.source_peak;
    push->tone[0] = (float)map.source;
    push->tone[1] = maps ? (float)map.knee : HUGE_VALF; /* what is never reached is never bent */
    push->tone[2] = (float)map.target;
    push->tone[3] = params->sdr_map == FR_SDR_MAP_TONE;
    push->white[0] = (float)map.target_peak;
    push->white[1] = (float)(80 / map.target_peak);
}

static VkResult make_layouts(struct fr_vk_shade *shade, struct fr_vk_device *device, bool buffers)
{
    VkDescriptorSetLayoutBinding bindings[3];
    for (uint32_t i = 0; i < 3; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType =
                i || buffers ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER : VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    const VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                 .bindingCount = 3,
                                                 .pBindings = bindings};
    VkResult result = device->vk.CreateDescriptorSetLayout(device->device, &set, NULL, &shade->set_layout);
    if (result != VK_SUCCESS)
        return result;
    const VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
                                      .size = sizeof(struct fr_vk_push)};
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &shade->set_layout,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &push,
    };
    return device->vk.CreatePipelineLayout(device->device, &layout, NULL, &shade->layout);
}

static VkResult make_pipeline(struct fr_vk_shade *shade, struct fr_vk_device *device,
                              const struct fr_vk_code *code, const struct constants *constants)
{
    const VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = code->bytes, .pCode = code->words};
    VkShaderModule module;
    VkResult result = device->vk.CreateShaderModule(device->device, &info, NULL, &module);
    if (result != VK_SUCCESS)
        return result;
    VkSpecializationMapEntry entries[NUM_CONSTANTS];
    fill_entries(entries);
    const VkSpecializationInfo special = {.mapEntryCount = NUM_CONSTANTS,
                                          .pMapEntries = entries,
                                          .dataSize = sizeof(*constants),
                                          .pData = constants};
    const VkComputePipelineCreateInfo pipeline = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &special},
        .layout = shade->layout,
    };
    result = device->vk.CreateComputePipelines(device->device, VK_NULL_HANDLE, 1, &pipeline, NULL,
                                               &shade->pipeline);
    device->vk.DestroyShaderModule(device->device, module, NULL);
    return result;
}

fr_status fr_vk_shade_init(struct fr_vk_shade *shade, struct fr_vk_device *device,
                           const fr_convert_params *params, bool buffers, const struct fr_vk_variant *variant)
{
    *shade = (struct fr_vk_shade){.variant = *variant};
    const uint32_t invocations = variant->across * variant->down;
    const bool in_pairs = variant->columns == 2;
    const bool lends = in_pairs || variant->neighbour == FR_VK_NEIGHBOUR_LEND;
    struct fr_vk_code code;
    if (!fr_vk_code_find(params->from, params->to, buffers, in_pairs, &code) ||
        invocations > device->limits.maxComputeWorkGroupInvocations ||
        variant->across > device->limits.maxComputeWorkGroupSize[0])
        return FR_ERR_UNSUPPORTED;
    struct constants constants = {
        .across = variant->across,
        .down = variant->down,
        .quads = in_pairs ? (variant->deep ? (int32_t)variant->deep : 1) : (int32_t)variant->columns / 4,
        .neighbour = (int32_t)variant->neighbour,
        .lent = lends ? (int32_t)invocations : 1,
        .by_powers = variant->pq_by_powers,
        .blue_first = params->from == FR_FORMAT_BGRA8,
    };
    fill_light(&constants);
    VkResult result = make_layouts(shade, device, buffers);
    if (result == VK_SUCCESS)
        result = make_pipeline(shade, device, &code, &constants);
    if (result == VK_SUCCESS)
        return FR_OK;
    fr_vk_shade_finish(shade, device);
    return fr_vk_device_status(device, result);
}

void fr_vk_shade_finish(struct fr_vk_shade *shade, struct fr_vk_device *device)
{
    device->vk.DestroyPipeline(device->device, shade->pipeline, NULL);
    device->vk.DestroyPipelineLayout(device->device, shade->layout, NULL);
    device->vk.DestroyDescriptorSetLayout(device->device, shade->set_layout, NULL);
    *shade = (struct fr_vk_shade){0};
}
