/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_RECORD_H
#define FRAMERING_SOURCES_LAYER_RECORD_H

/* The commands of a copy. */

#include "swapchain.h"

/* From the swapchain's image of that index, in PRESENT_SRC before and after, into the sink. */
VkResult fr_layer_record(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain, uint32_t index,
                         VkCommandBuffer commands);

#endif
