/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_COPIER_H
#define FR_BACKEND_VULKAN_COPIER_H

/* Copies by a compute shader: on a queue that also draws, vkCmdCopyImage can be twenty times slower (measured
 * on an H100, docs/performance-gpu.md). */

#include "backend/vulkan/command.h"
#include "backend/vulkan/memory.h"

struct fr_vk_copier {
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool pool;
    VkDescriptorSet set[FR_VK_COMMANDS];
    VkImageView from[FR_VK_COMMANDS]; /* of the last copy of each command */
    bool refused;                     /* it could not be made: never again */
};

/* False: it cannot be had. */
bool fr_vk_copier_need(struct fr_vk_copier *copier, const struct fr_vk_device *device);
void fr_vk_copier_finish(struct fr_vk_copier *copier, const struct fr_vk_device *device);

/* Records the copy into command number `index`: `image` in layout `layout`, readable by compute shaders, and
 * `to` in GENERAL, writable by them. */
VkResult fr_vk_copier_record(struct fr_vk_copier *copier, const struct fr_vk_device *device, uint32_t index,
                             VkCommandBuffer commands, const fr_vulkan_image *image, VkImageLayout layout,
                             VkImageView to);

#endif
