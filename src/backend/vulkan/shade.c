/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/shade.h"

#include "convert/curve.h"
#include "convert/rgba16f_p010.h"

#include <math.h>
#include <stddef.h>

_Static_assert(sizeof(struct fr_vk_push) == 100, "as convert.comp has it");

/* The specialization constants of convert.comp; light from 8 on. */
struct constants {
    uint32_t across, down;          /* 0, 1 */
    int32_t quads, neighbour, lent; /* 2 .. 4 */
    VkBool32 blue_first;            /* 6 */
    float light[3][9];              /* plain, and the two parts of each factor */
};

enum { NUM_WORDS = 6, LIGHT_FIRST = 8, NUM_LIGHT = 27, NUM_CONSTANTS = NUM_WORDS + NUM_LIGHT };
_Static_assert(sizeof(struct constants) == 4 * NUM_CONSTANTS, "");

/* The workgroup is one row of whole subgroups, and one subgroup lends the edge of all its rows. */
static bool can_shuffle(const struct fr_vk_device *device, const struct fr_vk_variant *variant)
{
    return device->subgroup_size && variant->columns == 2 && variant->down == 1 &&
           variant->across % device->subgroup_size == 0 &&
           variant->across / device->subgroup_size <= device->workgroup_subgroups &&
           device->subgroup_size >= 2 * variant->deep;
}

struct fr_vk_variant fr_vk_variant_default(const struct fr_vk_device *device, fr_format from, fr_format to,
                                           bool buffers)
{
    /* The best of lavapipe's, images or buffers. */
    if (device->type == VK_PHYSICAL_DEVICE_TYPE_CPU)
        return (struct fr_vk_variant){.columns = from == FR_FORMAT_RGBA16F && to == FR_FORMAT_P010 ? 4 : 16,
                                      .across = 128,
                                      .down = 1,
                                      .neighbour = FR_VK_NEIGHBOUR_LEND};
    if (buffers)
        return (struct fr_vk_variant){
            .columns = 4, .across = 128, .down = 1, .neighbour = FR_VK_NEIGHBOUR_LEND};
    struct fr_vk_variant pairs = {
        .columns = 2, .across = 128, .down = 1, .neighbour = FR_VK_NEIGHBOUR_LEND, .deep = 2};
    /* What pays on an H100: words of bytes are put together by two invocations, which is 2 to 5 % faster by
     * shuffles. Of the others only the edge is lent, which every subgroup then has to load and to work out.
     */
    if (fr_format_pixel_bytes(from) == 4 && to == FR_FORMAT_NV12 && can_shuffle(device, &pairs))
        pairs.neighbour = FR_VK_NEIGHBOUR_SHUFFLE;
    return pairs;
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
        constants->light[0][i] = (float)factor;
        constants->light[1][i] = twelve_bits(factor);
        constants->light[2][i] = (float)(factor - (double)constants->light[1][i]);
    }
}

static void fill_entries(VkSpecializationMapEntry entries[NUM_CONSTANTS])
{
    static const uint32_t ids[NUM_WORDS] = {0, 1, 2, 3, 4, 6};
    for (uint32_t i = 0; i < NUM_CONSTANTS; i++)
        entries[i] =
            (VkSpecializationMapEntry){i < NUM_WORDS ? ids[i] : LIGHT_FIRST + i - NUM_WORDS, 4 * i, 4};
}

/* The largest component with white as 1: the logarithm of what it is mapped to, over it. */
static double log_gain(const fr_tone_map *map, double u)
{
    const double largest = exp2(u), nits = 80 * largest;
    return log2(fr_tone_map_at(map, nits) / largest / map->target_peak);
}

/* What meets `log_gain` from `low` to `high` where a Chebyshev polynomial is 0, of x in -1 .. 1. */
static void fit_gain(const fr_tone_map *map, double low, double high, float gain[FR_VK_GAINS])
{
    double x[FR_VK_GAINS], d[FR_VK_GAINS], c[FR_VK_GAINS] = {0};
    for (int i = 0; i < FR_VK_GAINS; i++) {
        x[i] = cos(acos(-1) * (2 * i + 1) / (2 * FR_VK_GAINS));
        d[i] = log_gain(map, (low + high) / 2 + (high - low) / 2 * x[i]);
    }
    /* Divided differences, multiplied out from the innermost bracket. */
    for (int order = 1; order < FR_VK_GAINS; order++)
        for (int i = FR_VK_GAINS - 1; i >= order; i--)
            d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - order]);
    for (int i = FR_VK_GAINS - 1; i >= 0; i--) {
        for (int k = FR_VK_GAINS - 1; k > 0; k--)
            c[k] = c[k - 1] - x[i] * c[k];
        c[0] = d[i] - x[i] * c[0];
    }
    for (int i = 0; i < FR_VK_GAINS; i++)
        gain[i] = (float)c[i];
}

void fr_vk_push_tone(struct fr_vk_push *push, const fr_convert_params *params)
{
    const uint32_t peak = params->peak_millinits ? params->peak_millinits : 1000000;
    const uint32_t white = params->sdr_white_millinits ? params->sdr_white_millinits : 203000;
    const fr_tone_map map = fr_tone_map_init(fmin(peak / 1000.0, 10000), fmin(white / 1000.0, 10000));
    const bool maps = map.target_peak < map.source_peak;
    push->tone[3] = params->sdr_map == FR_SDR_MAP_TONE;
    /* Below 2^-6 cd/m2 nothing is bent, whatever the knee. */
    const double high = log2((maps ? map.source_peak : map.target_peak) / 80);
    const double knee =
        maps ? log2(fmax(10000 * fr_pq_decode(map.knee * map.source), 0.015625) / 80) : high - 1;
    const double low = fmin(knee, high - 0x1p-10);
    push->tone[0] = (float)(2 / (high - low));
    push->tone[1] = (float)(-(high + low) / (high - low));
    push->tone[2] = (float)((high - low) / 2);
    fit_gain(&map, low, high, push->gain);
}

/* Nearest, the edge going on; for texels by their number it does not matter. */
static VkResult make_sampler(struct fr_vk_shade *shade, struct fr_vk_device *device)
{
    const VkSamplerCreateInfo sampler = {
        .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
        .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
        .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
    };
    return device->vk.CreateSampler(device->device, &sampler, NULL, &shade->sampler);
}

static VkResult make_layouts(struct fr_vk_shade *shade, struct fr_vk_device *device, bool buffers)
{
    VkDescriptorSetLayoutBinding bindings[3];
    for (uint32_t i = 0; i < 3; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){
            .binding = i,
            .descriptorType =
                i || buffers ? VK_DESCRIPTOR_TYPE_STORAGE_BUFFER : VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
            .pImmutableSamplers = i || buffers ? NULL : &shade->sampler,
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
    const bool shuffles = shade->variant.neighbour == FR_VK_NEIGHBOUR_SHUFFLE;
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroups = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO,
        .requiredSubgroupSize = device->subgroup_size};
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
                  .pNext = shuffles ? &subgroups : NULL,
                  .flags = shuffles ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0u,
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
    const bool shuffles = variant->neighbour == FR_VK_NEIGHBOUR_SHUFFLE;
    const bool lends = (in_pairs && !shuffles) || variant->neighbour == FR_VK_NEIGHBOUR_LEND;
    const enum fr_vk_cut cut = shuffles ? FR_VK_CUT_SHUFFLED : in_pairs ? FR_VK_CUT_PAIRS : FR_VK_CUT_BLOCKS;
    struct fr_vk_code code;
    if (!fr_vk_code_find(params->from, params->to, buffers, cut, &code) ||
        invocations > device->limits.maxComputeWorkGroupInvocations ||
        variant->across > device->limits.maxComputeWorkGroupSize[0] ||
        (in_pairs && variant->across < 2 * variant->deep) || (shuffles && !can_shuffle(device, variant)))
        return FR_ERR_UNSUPPORTED;
    struct constants constants = {
        .across = variant->across,
        .down = variant->down,
        .quads = in_pairs ? (variant->deep ? (int32_t)variant->deep : 1) : (int32_t)variant->columns / 4,
        .neighbour = (int32_t)variant->neighbour,
        .lent = lends ? (int32_t)invocations : 1,
        .blue_first = params->from == FR_FORMAT_BGRA8,
    };
    fill_light(&constants);
    VkResult result = make_sampler(shade, device);
    if (result == VK_SUCCESS)
        result = make_layouts(shade, device, buffers);
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
    device->vk.DestroySampler(device->device, shade->sampler, NULL);
    *shade = (struct fr_vk_shade){0};
}
