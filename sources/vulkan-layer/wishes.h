/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_WISHES_H
#define FRAMERING_SOURCES_LAYER_WISHES_H

/* What a program's device is made with beyond what the program asked for. */

#include "chain.h"

typedef struct fr_layer_wishes {
    VkDeviceCreateInfo info; /* to make the device with */
    const char **extensions; /* of info */
    bool timeline_semaphores;
    VkPhysicalDeviceTimelineSemaphoreFeatures own; /* in info's chain where the program's has no such thing */
    bool storage_image_write_without_format;
    VkPhysicalDeviceFeatures features; /* of info where the program gives them there, or none */
    VkBool32 *switched[2]; /* the program's own switches, turned on for now; NULL: it was not touched */
} fr_layer_wishes;

/* Fills *wishes from what the program asks for and the device has. False: out of memory. Between this and
 * `finish` the program's structures may be changed. */
bool fr_layer_wishes_init(fr_layer_wishes *wishes, const fr_layer_instance *instance,
                          VkPhysicalDevice physical_device, const VkDeviceCreateInfo *info);

/* The program's structures are as they were. `extensions` stay the caller's to free. */
void fr_layer_wishes_finish(fr_layer_wishes *wishes);

#endif
