/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_CONVERT_RIG_H
#define FR_BENCH_GPU_CONVERT_RIG_H

/* Slots filled with noise, and a compute copy to compare with, on a device of the library's. */

#include "backend/vulkan/convert.h"

/* What is in a slot of halves. */
enum rig_content {
    RIG_LIGHT, /* nothing negative, all levels: nothing can cancel */
    RIG_WIDE   /* every fourth component negative, as in colours outside BT.709 */
};

struct rig_slot {
    struct fr_vk_input input;
    VkDeviceMemory memory;
};

/* Ends the program where a call fails. */
void rig_must(VkResult result, const char *what);
struct fr_vk_device *rig_device(const char *name);
/* For fr_vk_converter_record: the image stays with the queue's family. */
void rig_slot_init(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params,
                   bool buffer, enum rig_content content);
/* With these pixels instead, rows packed; for fr_vk_convert. */
void rig_slot_init_with(struct rig_slot *slot, struct fr_vk_device *device, const fr_convert_params *params,
                        bool buffer, const void *pixels);
void rig_slot_finish(struct rig_slot *slot, struct fr_vk_device *device);
VkQueryPool rig_queries(struct fr_vk_device *device, uint32_t count);
/* Pixels as of rig_slot_init. */
void rig_noise(void *pixels, size_t bytes, fr_format format, enum rig_content content);

/* A command buffer that is submitted and waited for. */
struct rig_once {
    struct fr_vk_device *device;
    VkCommandPool pool;
    VkCommandBuffer command;
};
struct rig_once rig_begin(struct fr_vk_device *device);
void rig_end(struct rig_once *once);
/* Between everything before and everything after. */
void rig_barrier(struct fr_vk_device *device, VkCommandBuffer command);
/* So many pieces of work of `bytes` bring a GPU's clocks up. */
uint32_t rig_warm_count(const struct fr_vk_device *device, double bytes);

/* The best that a compute copy of `bytes` reached, in GB read and written a second. */
struct rig_rate {
    double alone, stream;
};
struct rig_rate rig_copy_rate(struct fr_vk_device *device, VkDeviceSize bytes);

#endif
