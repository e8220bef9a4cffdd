/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_COPIER_H
#define FRAMERING_SOURCES_LAYER_COPIER_H

/* Copies by a compute shader: on a queue that also draws, vkCmdCopyImage can be many times slower (an H100:
 * 611 µs instead of 34 for 3840x2160). */

#include "chain.h"

enum { FR_LAYER_COPIES_MAX = 16 };

/* What all copies of a device share. All zero: none are made. */
typedef struct fr_layer_copier {
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline, encoding; /* the second for images that are read as light, of sRGB formats */
} fr_layer_copier;

/* False: not on this device, or out of memory; *copier is all zero. */
bool fr_layer_copier_init(fr_layer_copier *copier, const fr_layer_device *device);
void fr_layer_copier_finish(fr_layer_copier *copier, const fr_layer_device *device);

/* The copies from some images into one. */
typedef struct fr_layer_copies {
    VkDescriptorPool pool; /* NULL: none */
    VkPipeline pipeline;
    VkDescriptorSet set[FR_LAYER_COPIES_MAX];
    VkImageView from[FR_LAYER_COPIES_MAX], to;
} fr_layer_copies;

/* `to` has STORAGE usage, `from` SAMPLED usage. False: out of memory; *copies is all zero. */
bool fr_layer_copies_init(fr_layer_copies *copies, const fr_layer_copier *copier,
                          const fr_layer_device *device, const VkImage *from, uint32_t num_from,
                          VkFormat from_format, VkImage to, VkFormat to_format);
void fr_layer_copies_finish(fr_layer_copies *copies, const fr_layer_device *device);

/* From the image of that index, which is in SHADER_READ_ONLY_OPTIMAL, into the one in GENERAL. */
void fr_layer_copies_record(const fr_layer_copies *copies, const fr_layer_copier *copier,
                            const fr_layer_device *device, VkCommandBuffer commands, uint32_t index,
                            uint32_t width, uint32_t height);

#endif
