/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_CHAIN_H
#define FRAMERING_SOURCES_LAYER_CHAIN_H

/*
 * The objects of the program that the layer knows, and the functions below it. A dispatchable object begins
 * with a pointer of the loader's that is the same for all objects of one instance or device: the key.
 */

#include "plan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <vulkan/vk_layer.h>

/* X(name without vk) */
#define FR_LAYER_INSTANCE_FUNCTIONS(X)                                                                       \
    X(DestroyInstance)                                                                                       \
    X(EnumerateDeviceExtensionProperties)                                                                    \
    X(GetPhysicalDeviceFeatures)                                                                             \
    X(GetPhysicalDeviceProperties)                                                                           \
    X(GetPhysicalDeviceMemoryProperties)                                                                     \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                                \
    X(GetPhysicalDeviceFormatProperties)                                                                     \
    X(GetPhysicalDeviceSurfaceCapabilitiesKHR)

#define FR_LAYER_DEVICE_FUNCTIONS(X)                                                                         \
    X(DestroyDevice)                                                                                         \
    X(GetDeviceQueue)                                                                                        \
    X(GetDeviceQueue2)                                                                                       \
    X(DeviceWaitIdle)                                                                                        \
    X(QueueSubmit)                                                                                           \
    X(QueueSubmit2)                                                                                          \
    X(QueueSubmit2KHR)                                                                                       \
    X(QueueBindSparse)                                                                                       \
    X(QueueWaitIdle)                                                                                         \
    X(QueueBeginDebugUtilsLabelEXT)                                                                          \
    X(QueueEndDebugUtilsLabelEXT)                                                                            \
    X(QueueInsertDebugUtilsLabelEXT)                                                                         \
    X(CreateSwapchainKHR)                                                                                    \
    X(DestroySwapchainKHR)                                                                                   \
    X(GetSwapchainImagesKHR)                                                                                 \
    X(QueuePresentKHR)                                                                                       \
    X(SetHdrMetadataEXT)                                                                                     \
    X(AllocateMemory)                                                                                        \
    X(FreeMemory)                                                                                            \
    X(MapMemory)                                                                                             \
    X(InvalidateMappedMemoryRanges)                                                                          \
    X(CreateBuffer)                                                                                          \
    X(DestroyBuffer)                                                                                         \
    X(GetBufferMemoryRequirements)                                                                           \
    X(BindBufferMemory)                                                                                      \
    X(CreateImage)                                                                                           \
    X(DestroyImage)                                                                                          \
    X(GetImageMemoryRequirements)                                                                            \
    X(BindImageMemory)                                                                                       \
    X(CreateImageView)                                                                                       \
    X(DestroyImageView)                                                                                      \
    X(CreateShaderModule)                                                                                    \
    X(DestroyShaderModule)                                                                                   \
    X(CreateDescriptorSetLayout)                                                                             \
    X(DestroyDescriptorSetLayout)                                                                            \
    X(CreateDescriptorPool)                                                                                  \
    X(DestroyDescriptorPool)                                                                                 \
    X(AllocateDescriptorSets)                                                                                \
    X(UpdateDescriptorSets)                                                                                  \
    X(CreatePipelineLayout)                                                                                  \
    X(DestroyPipelineLayout)                                                                                 \
    X(CreateComputePipelines)                                                                                \
    X(DestroyPipeline)                                                                                       \
    X(CmdBindPipeline)                                                                                       \
    X(CmdBindDescriptorSets)                                                                                 \
    X(CmdDispatch)                                                                                           \
    X(CreateCommandPool)                                                                                     \
    X(DestroyCommandPool)                                                                                    \
    X(AllocateCommandBuffers)                                                                                \
    X(FreeCommandBuffers)                                                                                    \
    X(BeginCommandBuffer)                                                                                    \
    X(EndCommandBuffer)                                                                                      \
    X(CmdPipelineBarrier)                                                                                    \
    X(CmdCopyImage)                                                                                          \
    X(CmdBlitImage)                                                                                          \
    X(CmdCopyImageToBuffer)                                                                                  \
    X(CreateFence)                                                                                           \
    X(DestroyFence)                                                                                          \
    X(ResetFences)                                                                                           \
    X(GetFenceStatus)                                                                                        \
    X(WaitForFences)                                                                                         \
    X(CreateSemaphore)                                                                                       \
    X(DestroySemaphore)                                                                                      \
    X(CreateQueryPool)                                                                                       \
    X(DestroyQueryPool)                                                                                      \
    X(GetQueryPoolResults)                                                                                   \
    X(CmdResetQueryPool)                                                                                     \
    X(CmdWriteTimestamp)

#define FR_LAYER_MEMBER(name) PFN_vk##name name;

struct fr_layer_feed;

typedef struct fr_layer_instance {
    struct fr_layer_instance *next;
    void *key;
    VkInstance handle;
    uint32_t api_version; /* that it was made for */
    PFN_vkGetInstanceProcAddr get;
    struct {
        FR_LAYER_INSTANCE_FUNCTIONS(FR_LAYER_MEMBER)
    } vk;
} fr_layer_instance;

typedef struct fr_layer_queue {
    struct fr_layer_queue *next;
    struct fr_layer_device *device;
    VkQueue handle;
    uint32_t family;
    VkQueueFlags flags;    /* of the family */
    pthread_mutex_t mutex; /* held around every use: the program's, and ours on another thread */
} fr_layer_queue;

typedef struct fr_layer_device {
    struct fr_layer_device *next;
    void *key;
    fr_layer_instance *instance;
    VkPhysicalDevice physical_device;
    VkDevice handle;
    PFN_vkGetDeviceProcAddr get;
    PFN_vkSetDeviceLoaderData adopt; /* makes an object of ours one that the loader knows */
    const char **extensions;         /* that the device was made with */
    uint32_t num_extensions;
    bool timeline_semaphores, storage_image_write_without_format;
    _Atomic bool unfit; /* of several physical devices, or memory ran out: nothing of it is captured */
    _Atomic bool lost;  /* and will not come back */
    VkPhysicalDeviceMemoryProperties memory;
    fr_layer_queue *_Atomic queues;
    struct fr_layer_feed *feed; /* NULL: nothing of it was captured yet; under the mutex of choice.c */
    struct {
        FR_LAYER_DEVICE_FUNCTIONS(FR_LAYER_MEMBER)
    } vk;
} fr_layer_device;

static inline void *fr_layer_key(const void *dispatchable)
{
    return *(void *const *)dispatchable;
}

/* Fills the tables; what is missing below is NULL. */
void fr_layer_instance_load(fr_layer_instance *instance);
void fr_layer_device_load(fr_layer_device *device);

/* Take the object over; `remove` gives it back to be freed. Any thread. */
void fr_layer_instance_add(fr_layer_instance *instance);
void fr_layer_device_add(fr_layer_device *device);
fr_layer_instance *fr_layer_instance_remove(VkInstance handle);
fr_layer_device *fr_layer_device_remove(VkDevice handle);

static inline bool fr_layer_device_is_unfit(const fr_layer_device *device)
{
    return atomic_load_explicit(&device->unfit, memory_order_relaxed);
}
static inline void fr_layer_device_set_unfit(fr_layer_device *device)
{
    atomic_store_explicit(&device->unfit, true, memory_order_relaxed);
}

/* By an object of it. NULL: not one that the layer saw. Any thread. */
fr_layer_instance *fr_layer_instance_of(const void *dispatchable);
fr_layer_device *fr_layer_device_of(const void *dispatchable);

/* NULL: no such queue was handed out. */
fr_layer_queue *fr_layer_queue_of(const fr_layer_device *device, VkQueue handle);
/* The program was given this queue; known ones and NULL are accepted. */
void fr_layer_queue_note(fr_layer_device *device, VkQueue handle, uint32_t family);

#endif
