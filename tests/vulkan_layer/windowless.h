/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef VULKAN_LAYER_WINDOWLESS_H
#define VULKAN_LAYER_WINDOWLESS_H

/* The windowless layer's devices, which can be lost. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

/* X(name without vk) */
#define WINDOWLESS_DEVICE_FUNCTIONS(X)                                                                       \
    X(DestroyDevice)                                                                                         \
    X(GetDeviceQueue)                                                                                        \
    X(QueueSubmit)                                                                                           \
    X(DeviceWaitIdle)                                                                                        \
    X(QueueWaitIdle)                                                                                         \
    X(CreateImage)                                                                                           \
    X(DestroyImage)                                                                                          \
    X(GetImageMemoryRequirements)                                                                            \
    X(AllocateMemory)                                                                                        \
    X(FreeMemory)                                                                                            \
    X(BindImageMemory)                                                                                       \
    X(WaitForFences)                                                                                         \
    X(GetFenceStatus)                                                                                        \
    X(GetQueryPoolResults)                                                                                   \
    X(GetSemaphoreCounterValue)                                                                              \
    X(WaitSemaphores)

struct device {
    void *key;
    VkDevice handle;
    VkPhysicalDevice physical_device;
    PFN_vkGetDeviceProcAddr get;
    PFN_vkSetDeviceLoaderData adopt;
    VkQueue queue; /* the first that the program got */
    _Atomic bool lost;
#define MEMBER(name) PFN_vk##name name;
    WINDOWLESS_DEVICE_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* Acquiring is no use of a queue to those above, but here it is one. */
extern pthread_mutex_t windowless_queues;

struct device *windowless_device_of(const void *dispatchable);

VkResult windowless_submit(struct device *device, VkQueue queue, uint32_t num, const VkSubmitInfo *submits,
                           VkFence fence);

/* One present more: the device may be lost in it. True: it is to be lost when that is done. */
bool windowless_presents(struct device *device);
void windowless_lose(struct device *device);

/* The functions that say that a device is lost; NULL: none of that name. */
PFN_vkVoidFunction windowless_losing(const char *name);

#endif
