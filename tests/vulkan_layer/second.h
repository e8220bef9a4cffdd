/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_TESTS_LAYER_SECOND_H
#define FRAMERING_TESTS_LAYER_SECOND_H

/* A second window of the presenter: one colour, presented beside the first. */

#include <vulkan/vulkan.h>

typedef struct second_place {
    VkInstance instance;
    VkPhysicalDevice physical_device;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
} second_place;

/* Ends the program where it fails, as the other two. */
void second_open(const second_place *place, VkFormat format, uint32_t width, uint32_t height);
void second_show(void);
/* Nothing is under way. Accepts that there is none. */
void second_close(void);

#endif
