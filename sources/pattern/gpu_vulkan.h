/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_GPU_VULKAN_H
#define FRAMERING_SOURCES_PATTERN_GPU_VULKAN_H

/* A Vulkan device of this program: gpu_vulkan_device.c makes it, gpu_vulkan_linux.c draws with it. */

#include "common/program.h"

#include <framering/vulkan.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

/* X(name without vk) */
#define FR_GPU_INSTANCE_FUNCTIONS(X)                                                                         \
    X(DestroyInstance)                                                                                       \
    X(EnumeratePhysicalDevices)                                                                              \
    X(EnumerateDeviceExtensionProperties)                                                                    \
    X(GetPhysicalDeviceProperties)                                                                           \
    X(GetPhysicalDeviceProperties2)                                                                          \
    X(GetPhysicalDeviceFeatures2)                                                                            \
    X(GetPhysicalDeviceMemoryProperties)                                                                     \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                                \
    X(CreateDevice)                                                                                          \
    X(GetDeviceProcAddr)

#define FR_GPU_DEVICE_FUNCTIONS(X)                                                                           \
    X(DestroyDevice)                                                                                         \
    X(GetDeviceQueue)                                                                                        \
    X(QueueSubmit)                                                                                           \
    X(AllocateMemory)                                                                                        \
    X(FreeMemory)                                                                                            \
    X(MapMemory)                                                                                             \
    X(CreateBuffer)                                                                                          \
    X(DestroyBuffer)                                                                                         \
    X(GetBufferMemoryRequirements)                                                                           \
    X(BindBufferMemory)                                                                                      \
    X(CreateImage)                                                                                           \
    X(DestroyImage)                                                                                          \
    X(GetImageMemoryRequirements)                                                                            \
    X(BindImageMemory)                                                                                       \
    X(CreateCommandPool)                                                                                     \
    X(DestroyCommandPool)                                                                                    \
    X(AllocateCommandBuffers)                                                                                \
    X(BeginCommandBuffer)                                                                                    \
    X(EndCommandBuffer)                                                                                      \
    X(CmdPipelineBarrier)                                                                                    \
    X(CmdCopyBufferToImage)                                                                                  \
    X(CreateFence)                                                                                           \
    X(DestroyFence)                                                                                          \
    X(ResetFences)                                                                                           \
    X(WaitForFences)                                                                                         \
    X(CreateSemaphore)                                                                                       \
    X(DestroySemaphore)

typedef struct fr_gpu_vulkan {
    const fr_program *program;
    const char *name; /* that is asked for; NULL: any */
    bool absent;      /* after an init that failed: this machine has no Vulkan, and no GPU was named */
    PFN_vkGetInstanceProcAddr get;
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    VkPhysicalDevice physical_device;
    VkDevice device;
    uint32_t family;
    VkQueue queue;
    VkPhysicalDeviceMemoryProperties memory;
    const char **extensions; /* the names are the library's */
    uint32_t num_extensions;
    bool timeline_semaphores, storage_image_write_without_format;
#define FR_GPU_MEMBER(name) PFN_vk##name name;
    FR_GPU_INSTANCE_FUNCTIONS(FR_GPU_MEMBER)
    FR_GPU_DEVICE_FUNCTIONS(FR_GPU_MEMBER)
#undef FR_GPU_MEMBER
} fr_gpu_vulkan;

/* `name` NULL: the first that is a GPU, else the first. False: said why; *vk wants a finish all the same. */
bool fr_gpu_vulkan_init(fr_gpu_vulkan *vk, const char *name, const fr_program *program);
void fr_gpu_vulkan_finish(fr_gpu_vulkan *vk);

/* ---- gpu_vulkan_memory.c: with memory of its own; after a failure a part may be there ---- */

/* To be drawn into by the processor, as *mapped, and copied from. */
VkResult fr_gpu_vulkan_buffer(const fr_gpu_vulkan *vk, VkDeviceSize bytes, VkBuffer *buffer,
                              VkDeviceMemory *memory, void **mapped);

/* To be copied into and from, and sampled. */
VkResult fr_gpu_vulkan_image(const fr_gpu_vulkan *vk, VkFormat format, uint32_t width, uint32_t height,
                             VkImage *image, VkDeviceMemory *memory);

#endif
