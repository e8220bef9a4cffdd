/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_API_H
#define FR_BACKEND_VULKAN_API_H

/* The functions of Vulkan that are used here: the loader's, an instance's and a device's, found by name. */

#include <framering/log.h>
#include <framering/status.h>

#include <stdbool.h>

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

/* X(name without vk) */
#define FR_VK_INSTANCE_FUNCTIONS(X)                                                                          \
    X(DestroyInstance)                                                                                       \
    X(EnumeratePhysicalDevices)                                                                              \
    X(EnumerateDeviceExtensionProperties)                                                                    \
    X(GetPhysicalDeviceProperties2)                                                                          \
    X(GetPhysicalDeviceFeatures2)                                                                            \
    X(GetPhysicalDeviceMemoryProperties)                                                                     \
    X(GetPhysicalDeviceQueueFamilyProperties)                                                                \
    X(GetPhysicalDeviceFormatProperties2)                                                                    \
    X(GetPhysicalDeviceImageFormatProperties2)                                                               \
    X(GetPhysicalDeviceExternalBufferProperties)                                                             \
    X(GetPhysicalDeviceExternalSemaphoreProperties)                                                          \
    X(CreateDevice)                                                                                          \
    X(GetDeviceProcAddr)

#define FR_VK_DEVICE_FUNCTIONS(X)                                                                            \
    X(DestroyDevice)                                                                                         \
    X(GetDeviceQueue)                                                                                        \
    X(DeviceWaitIdle)                                                                                        \
    X(QueueSubmit)                                                                                           \
    X(QueueWaitIdle)                                                                                         \
    X(AllocateMemory)                                                                                        \
    X(FreeMemory)                                                                                            \
    X(MapMemory)                                                                                             \
    X(UnmapMemory)                                                                                           \
    X(FlushMappedMemoryRanges)                                                                               \
    X(InvalidateMappedMemoryRanges)                                                                          \
    X(CreateBuffer)                                                                                          \
    X(DestroyBuffer)                                                                                         \
    X(GetBufferMemoryRequirements2)                                                                          \
    X(BindBufferMemory)                                                                                      \
    X(CreateImage)                                                                                           \
    X(DestroyImage)                                                                                          \
    X(GetImageMemoryRequirements2)                                                                           \
    X(BindImageMemory)                                                                                       \
    X(GetImageSubresourceLayout)                                                                             \
    X(CreateImageView)                                                                                       \
    X(DestroyImageView)                                                                                      \
    X(CreateSampler)                                                                                         \
    X(DestroySampler)                                                                                        \
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
    X(CreateCommandPool)                                                                                     \
    X(DestroyCommandPool)                                                                                    \
    X(AllocateCommandBuffers)                                                                                \
    X(FreeCommandBuffers)                                                                                    \
    X(BeginCommandBuffer)                                                                                    \
    X(EndCommandBuffer)                                                                                      \
    X(ResetCommandBuffer)                                                                                    \
    X(CmdBindPipeline)                                                                                       \
    X(CmdBindDescriptorSets)                                                                                 \
    X(CmdPushConstants)                                                                                      \
    X(CmdDispatch)                                                                                           \
    X(CmdPipelineBarrier)                                                                                    \
    X(CmdCopyImage)                                                                                          \
    X(CmdCopyBuffer)                                                                                         \
    X(CmdCopyImageToBuffer)                                                                                  \
    X(CmdCopyBufferToImage)                                                                                  \
    X(CreateFence)                                                                                           \
    X(DestroyFence)                                                                                          \
    X(GetFenceStatus)                                                                                        \
    X(ResetFences)                                                                                           \
    X(WaitForFences)                                                                                         \
    X(CreateSemaphore)                                                                                       \
    X(DestroySemaphore)                                                                                      \
    X(CreateQueryPool)                                                                                       \
    X(DestroyQueryPool)                                                                                      \
    X(CmdResetQueryPool)                                                                                     \
    X(CmdWriteTimestamp)                                                                                     \
    X(GetQueryPoolResults)

/* NULL where the device has not got them. */
#define FR_VK_OPTIONAL_FUNCTIONS(X)                                                                          \
    X(GetMemoryFdKHR)                                                                                        \
    X(GetMemoryFdPropertiesKHR)                                                                              \
    X(GetSemaphoreFdKHR)                                                                                     \
    X(ImportSemaphoreFdKHR)                                                                                  \
    X(GetMemoryHostPointerPropertiesEXT)                                                                     \
    X(GetImageDrmFormatModifierPropertiesEXT)                                                                \
    X(WaitSemaphores)                                                                                        \
    X(SignalSemaphore)                                                                                       \
    X(GetSemaphoreCounterValue)

struct fr_vk_functions {
#define FR_VK_MEMBER(name) PFN_vk##name name;
    FR_VK_INSTANCE_FUNCTIONS(FR_VK_MEMBER)
    FR_VK_DEVICE_FUNCTIONS(FR_VK_MEMBER)
    FR_VK_OPTIONAL_FUNCTIONS(FR_VK_MEMBER)
#undef FR_VK_MEMBER
};

/* Opens the loader, which stays open. NULL: there is none, logged once. Any thread. */
PFN_vkGetInstanceProcAddr fr_vk_loader(const fr_log *log);
/* After that: why there is none, in the system's words; "": there is one. Static. */
const char *fr_vk_loader_fault(void);

/* False: a function is missing. */
bool fr_vk_load_instance(struct fr_vk_functions *vk, PFN_vkGetInstanceProcAddr get, VkInstance instance);
/* `get` NULL: vk->GetDeviceProcAddr. */
bool fr_vk_load_device(struct fr_vk_functions *vk, PFN_vkGetDeviceProcAddr get, VkDevice device);

/* "VK_ERROR_DEVICE_LOST" and so on. Static. */
const char *fr_vk_result_name(VkResult result);

#endif
