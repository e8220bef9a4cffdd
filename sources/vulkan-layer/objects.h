/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_OBJECTS_H
#define FRAMERING_SOURCES_LAYER_OBJECTS_H

/* The functions that stand in for the program's: instance.c, device.c, queue.c, swapchain.c, present.c. */

#include "chain.h"

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateInstance(const VkInstanceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkInstance *out);
VKAPI_ATTR void VKAPI_CALL fr_layer_DestroyInstance(VkInstance instance,
                                                    const VkAllocationCallbacks *allocator);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateDevice(VkPhysicalDevice physical_device,
                                                     const VkDeviceCreateInfo *info,
                                                     const VkAllocationCallbacks *allocator, VkDevice *out);
VKAPI_ATTR void VKAPI_CALL fr_layer_DestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator);

VKAPI_ATTR void VKAPI_CALL fr_layer_GetDeviceQueue(VkDevice device, uint32_t family, uint32_t index,
                                                   VkQueue *out);
VKAPI_ATTR void VKAPI_CALL fr_layer_GetDeviceQueue2(VkDevice device, const VkDeviceQueueInfo2 *info,
                                                    VkQueue *out);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_DeviceWaitIdle(VkDevice device);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit(VkQueue queue, uint32_t num, const VkSubmitInfo *submits,
                                                    VkFence fence);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2(VkQueue queue, uint32_t num,
                                                     const VkSubmitInfo2 *submits, VkFence fence);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2KHR(VkQueue queue, uint32_t num,
                                                        const VkSubmitInfo2 *submits, VkFence fence);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueBindSparse(VkQueue queue, uint32_t num,
                                                        const VkBindSparseInfo *binds, VkFence fence);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueWaitIdle(VkQueue queue);
VKAPI_ATTR void VKAPI_CALL fr_layer_QueueBeginDebugUtilsLabelEXT(VkQueue queue,
                                                                 const VkDebugUtilsLabelEXT *label);
VKAPI_ATTR void VKAPI_CALL fr_layer_QueueEndDebugUtilsLabelEXT(VkQueue queue);
VKAPI_ATTR void VKAPI_CALL fr_layer_QueueInsertDebugUtilsLabelEXT(VkQueue queue,
                                                                  const VkDebugUtilsLabelEXT *label);

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_CreateSwapchainKHR(VkDevice device,
                                                           const VkSwapchainCreateInfoKHR *info,
                                                           const VkAllocationCallbacks *allocator,
                                                           VkSwapchainKHR *out);
VKAPI_ATTR void VKAPI_CALL fr_layer_DestroySwapchainKHR(VkDevice device, VkSwapchainKHR swapchain,
                                                        const VkAllocationCallbacks *allocator);
VKAPI_ATTR void VKAPI_CALL fr_layer_SetHdrMetadataEXT(VkDevice device, uint32_t num,
                                                      const VkSwapchainKHR *swapchains,
                                                      const VkHdrMetadataEXT *metadata);
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR *info);

#endif
