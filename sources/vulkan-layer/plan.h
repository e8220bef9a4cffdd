/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_PLAN_H
#define FRAMERING_SOURCES_LAYER_PLAN_H

/* What a swapchain's format and colour space are as a display, and how its images become frames. */

#include <framering/display.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

typedef enum fr_layer_way {
    FR_LAYER_PASS = 0, /* not captured */
    FR_LAYER_COPY,     /* the same bytes */
    FR_LAYER_BLIT      /* other bytes, the same numbers; on a graphics queue only */
} fr_layer_way;

typedef struct fr_layer_plan {
    fr_layer_way way;
    fr_colour_state colour_state;
    fr_format format;      /* of the frames */
    VkFormat image_format; /* the same for Vulkan */
} fr_layer_plan;

fr_layer_plan fr_layer_plan_for(VkFormat format, VkColorSpaceKHR colour_space);

/* Why the plan for that colour space is to pass. Static. */
const char *fr_layer_plan_fault(VkColorSpaceKHR colour_space);

/* The display that such a swapchain is. */
fr_display_descriptor fr_layer_display(const fr_layer_plan *plan, uint32_t width, uint32_t height);

fr_hdr_metadata fr_layer_hdr_metadata(const VkHdrMetadataEXT *metadata);

#endif
