/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which call fails, and those that make nothing. */
#include "vulkan/faults_inside.h"

#include <unistd.h>

/* LOOKS_MAX: of those that fail by themselves. */
enum { LOOKS_MAX = 12 };

static unsigned countdown, looks;
static VkResult failure;
static const char *hit;
static bool paused;
static int (*make_memory_file)(void);

void faults_at(unsigned nth, VkResult result)
{
    countdown = nth;
    looks = 0;
    failure = result;
    hit = nth ? NULL : hit;
}

const char *faults_hit(void)
{
    return hit;
}

void faults_pause(bool pause)
{
    paused = pause;
}

bool faults_paused(void)
{
    return paused;
}

void faults_memory_files(int (*make)(void))
{
    make_memory_file = make;
}

bool faults_due(const char *name)
{
    if (paused || !countdown || --countdown)
        return false;
    hit = name;
    return true;
}

bool faults_look_due(const char *name)
{
    return looks++ < LOOKS_MAX && faults_due(name);
}

VkResult faults_failure(void)
{
    return failure;
}

VkResult faults_refuse(VkDevice device)
{
    if (failure != VK_ERROR_DEVICE_LOST)
        return failure;
    if (device)
        (void)REAL(DeviceWaitIdle)(device);
    return device ? failure : VK_ERROR_OUT_OF_HOST_MEMORY;
}

#define CALL(name, device, parameters, arguments)                                                            \
    static VkResult VKAPI_CALL wrap_##name parameters                                                        \
    {                                                                                                        \
        return faults_due("vk" #name) ? faults_refuse(device) : REAL(name) arguments;                        \
    }

CALL(BindBufferMemory, d, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize o), (d, b, m, o))
CALL(BindImageMemory, d, (VkDevice d, VkImage i, VkDeviceMemory m, VkDeviceSize o), (d, i, m, o))
CALL(MapMemory, d,
     (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f, void **p),
     (d, m, o, s, f, p))
CALL(AllocateDescriptorSets, d, (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o),
     (d, i, o))
CALL(AllocateCommandBuffers, d, (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *o),
     (d, i, o))
CALL(BeginCommandBuffer, NULL, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i))
CALL(EndCommandBuffer, NULL, (VkCommandBuffer c), (c))
CALL(ResetFences, d, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f))
CALL(GetMemoryHostPointerPropertiesEXT, d,
     (VkDevice d, VkExternalMemoryHandleTypeFlagBits t, const void *p, VkMemoryHostPointerPropertiesEXT *o),
     (d, t, p, o))
CALL(EnumeratePhysicalDevices, NULL, (VkInstance i, uint32_t *n, VkPhysicalDevice *o), (i, n, o))

static VkResult VKAPI_CALL wrap_GetMemoryFdKHR(VkDevice d, const VkMemoryGetFdInfoKHR *i, int *o)
{
    if (faults_due("vkGetMemoryFdKHR"))
        return faults_refuse(d);
    const VkResult result = REAL(GetMemoryFdKHR)(d, i, o);
    if (result == VK_SUCCESS && make_memory_file) {
        close(*o);
        *o = make_memory_file();
    }
    return result;
}

const struct faults_entry faults_calls[] = {
    FAULTS_ENTRY(BindBufferMemory),
    FAULTS_ENTRY(BindImageMemory),
    FAULTS_ENTRY(MapMemory),
    FAULTS_ENTRY(AllocateDescriptorSets),
    FAULTS_ENTRY(AllocateCommandBuffers),
    FAULTS_ENTRY(BeginCommandBuffer),
    FAULTS_ENTRY(EndCommandBuffer),
    FAULTS_ENTRY(ResetFences),
    FAULTS_ENTRY(GetMemoryFdKHR),
    FAULTS_ENTRY(GetMemoryHostPointerPropertiesEXT),
    FAULTS_ENTRY(EnumeratePhysicalDevices),
    {0},
};
