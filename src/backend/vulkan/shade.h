/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_SHADE_H
#define FR_BACKEND_VULKAN_SHADE_H

/* The compute pipeline of a conversion. */

#include "backend/vulkan/device.h"

/* Where the column left of a block, or of a pair, comes from. */
enum fr_vk_neighbour {
    FR_VK_NEIGHBOUR_RELOAD = 0,  /* it is worked out again; blocks */
    FR_VK_NEIGHBOUR_LEND = 1,    /* from the workgroup's shared memory */
    FR_VK_NEIGHBOUR_SHUFFLE = 2, /* from the subgroup; pairs */
};

/* How the work is cut up. Nothing of it changes a result. With columns 2 `across` is at least 2 * deep; with
 * shuffles it is a multiple of the device's subgroup_size, and `down` is 1. */
struct fr_vk_variant {
    uint32_t columns;      /* to an invocation, of two rows: 2, or a block of 4, 8 or 16 */
    uint32_t across, down; /* invocations of a workgroup; `across` is even */
    uint32_t neighbour;    /* enum fr_vk_neighbour */
    uint32_t deep;         /* with columns 2: pairs of rows to an invocation, 1 .. 4; 0 = 1 */
};

/* What was measured to be best for a pair on a device. */
struct fr_vk_variant fr_vk_variant_default(const struct fr_vk_device *device, fr_format from, fr_format to,
                                           bool buffers);

/* The push constants of convert.comp. */
enum { FR_VK_GAINS = 9 };
struct fr_vk_push {
    int32_t edge[2], first[2], end[2];
    int32_t image_row, source_pitch, luma_pitch, chroma_pitch;
    float texel[2], tone[4], gain[FR_VK_GAINS];
};

struct fr_vk_shade {
    struct fr_vk_variant variant;
    VkSampler sampler;                /* of an image */
    VkDescriptorSetLayout set_layout; /* 0: the slot, 1: Y, 2: CbCr */
    VkPipelineLayout layout;
    VkPipeline pipeline;
};

/* FR_ERR_UNSUPPORTED: there is no such pair, or no such variant on this device. */
fr_status fr_vk_shade_init(struct fr_vk_shade *shade, struct fr_vk_device *device,
                           const fr_convert_params *params, bool buffers,
                           const struct fr_vk_variant *variant);
void fr_vk_shade_finish(struct fr_vk_shade *shade, struct fr_vk_device *device);

/* tone and gain. */
void fr_vk_push_tone(struct fr_vk_push *push, const fr_convert_params *params);

/* code.c: the compiled shaders. */
struct fr_vk_code {
    const uint32_t *words;
    size_t bytes;
};

/* How the work is cut up, as far as it takes another shader. */
enum fr_vk_cut { FR_VK_CUT_BLOCKS, FR_VK_CUT_PAIRS, FR_VK_CUT_SHUFFLED };

/* False: no such pair, or not cut up so. */
bool fr_vk_code_find(fr_format from, fr_format to, bool buffers, enum fr_vk_cut cut, struct fr_vk_code *out);

#endif
