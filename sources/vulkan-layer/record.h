/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_RECORD_H
#define FRAMERING_SOURCES_LAYER_RECORD_H

/* The commands of a copy. */

#include "swapchain.h"

/* From the swapchain's image of that index, in PRESENT_SRC before and after, into the sink. */
VkResult fr_layer_record(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain, uint32_t index,
                         VkCommandBuffer commands);

/* For a present that waits for no semaphore: what comes before the copy, so that it comes after everything
 * that the queue was given. */
VkResult fr_layer_record_after_all(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain,
                                   VkCommandBuffer commands);

/* Where the copy has to wait: the stage for the submission's waits. */
VkPipelineStageFlags fr_layer_record_stage(const fr_layer_sink *sink);

#endif
