/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Devices, and their loss. */
#include "vulkan/faults_inside.h"

#include <string.h>

enum { QUEUES_MAX = 16 };

static VkDevice newest, lost;
static struct {
    VkQueue queue;
    VkDevice device;
} queues[QUEUES_MAX]; /* the last that programs were given */
static size_t num_queues;
static unsigned until_lost, losses;

void faults_lose(unsigned nth)
{
    until_lost = nth;
}

unsigned faults_lost(void)
{
    return losses;
}

VkDevice faults_device_of(VkQueue queue)
{
    for (size_t i = num_queues; i > 0 && num_queues - i < QUEUES_MAX; i--)
        if (queues[(i - 1) % QUEUES_MAX].queue == queue)
            return queues[(i - 1) % QUEUES_MAX].device;
    return VK_NULL_HANDLE;
}

bool faults_is_lost(VkDevice device, bool look)
{
    static bool looked;
    if (faults_paused())
        return false;
    const bool counts = until_lost && device == newest && newest != lost && !(look && looked);
    looked = look;
    if (counts && !--until_lost) {
        (void)REAL(DeviceWaitIdle)(newest);
        lost = newest;
        losses++;
    }
    return lost && device == lost;
}

static VkResult VKAPI_CALL wrap_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                             const VkAllocationCallbacks *allocator, VkDevice *out)
{
    const char *names[64];
    VkDeviceCreateInfo own = *info;
    own.ppEnabledExtensionNames = names;
    own.enabledExtensionCount = 0;
    assert_true(info->enabledExtensionCount <= 64);
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++)
        if (!faults_timelines_shared() ||
            strcmp(info->ppEnabledExtensionNames[i], VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) != 0)
            names[own.enabledExtensionCount++] = info->ppEnabledExtensionNames[i];
    const VkResult result =
        faults_due("vkCreateDevice") ? faults_failure() : REAL(CreateDevice)(physical, &own, allocator, out);
    faults_count(FAULTS_DEVICE, result == VK_SUCCESS);
    if (result == VK_SUCCESS)
        newest = *out;
    return result;
}

static void VKAPI_CALL wrap_DestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator)
{
    faults_count(FAULTS_DEVICE, -1);
    /* Another one may get its handle. */
    if (device == lost)
        lost = VK_NULL_HANDLE;
    if (device == newest)
        newest = VK_NULL_HANDLE;
    REAL(DestroyDevice)(device, allocator);
}

static void VKAPI_CALL wrap_GetDeviceQueue(VkDevice device, uint32_t family, uint32_t index, VkQueue *out)
{
    REAL(GetDeviceQueue)(device, family, index, out);
    queues[num_queues % QUEUES_MAX].queue = *out;
    queues[num_queues++ % QUEUES_MAX].device = device;
}

static VkResult VKAPI_CALL wrap_WaitForFences(VkDevice device, uint32_t count, const VkFence *fences,
                                              VkBool32 all, uint64_t timeout_ns)
{
    if (faults_is_lost(device, false))
        return VK_ERROR_DEVICE_LOST;
    return faults_due("vkWaitForFences") ? faults_refuse(device)
                                         : REAL(WaitForFences)(device, count, fences, all, timeout_ns);
}

const struct faults_entry faults_devices[] = {
    FAULTS_ENTRIES(Device),
    FAULTS_ENTRY(GetDeviceQueue),
    FAULTS_ENTRY(WaitForFences),
    {0},
};
