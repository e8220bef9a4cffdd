/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * WINDOWLESS_LOSE=N,M+: the device is lost in the Nth present of the process, which says so, and after the
 * Mth, which succeeds. The name of a file instead: of the present that finds it; it is removed. What the
 * driver below was given is done by then; it is given nothing more.
 */
#include "windowless.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Atomic uint32_t presents;

void windowless_lose(struct device *device)
{
    pthread_mutex_lock(&windowless_queues);
    device->DeviceWaitIdle(device->handle);
    atomic_store(&device->lost, true);
    pthread_mutex_unlock(&windowless_queues);
}

/* `*at`: behind the number, or the name. */
static bool is_this(const char **at, uint32_t number)
{
    char *end, name[512];
    const size_t bytes = strcspn(*at, "+,");
    if (**at != '/') {
        const bool is_due = strtoul(*at, &end, 10) == number;
        *at = end;
        return is_due;
    }
    snprintf(name, sizeof(name), "%.*s", (int)bytes, *at);
    *at += bytes;
    return unlink(name) == 0;
}

bool windowless_presents(struct device *device)
{
    const uint32_t number = atomic_fetch_add(&presents, 1) + 1;
    const char *at = getenv("WINDOWLESS_LOSE");
    while (at && *at) {
        const bool is_due = is_this(&at, number), later = *at == '+';
        if (is_due && !later)
            windowless_lose(device);
        if (is_due)
            return later;
        at = strchr(at, ',');
        at = at ? at + 1 : NULL;
    }
    return false;
}

VkResult windowless_submit(struct device *device, VkQueue queue, uint32_t num, const VkSubmitInfo *submits,
                           VkFence fence)
{
    VkResult result = VK_ERROR_DEVICE_LOST;
    pthread_mutex_lock(&windowless_queues);
    if (!atomic_load(&device->lost))
        result = num || fence ? device->QueueSubmit(queue, num, submits, fence) : VK_SUCCESS;
    pthread_mutex_unlock(&windowless_queues);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_QueueSubmit(VkQueue queue, uint32_t num,
                                                      const VkSubmitInfo *submits, VkFence fence)
{
    return windowless_submit(windowless_device_of(queue), queue, num, submits, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_QueueWaitIdle(VkQueue queue)
{
    struct device *device = windowless_device_of(queue);
    pthread_mutex_lock(&windowless_queues);
    const VkResult result = atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST : device->QueueWaitIdle(queue);
    pthread_mutex_unlock(&windowless_queues);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_DeviceWaitIdle(VkDevice handle)
{
    struct device *device = windowless_device_of(handle);
    pthread_mutex_lock(&windowless_queues);
    const VkResult result =
        atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST : device->DeviceWaitIdle(handle);
    pthread_mutex_unlock(&windowless_queues);
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_WaitForFences(VkDevice handle, uint32_t num, const VkFence *fences,
                                                        VkBool32 all, uint64_t timeout)
{
    struct device *device = windowless_device_of(handle);
    return atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST
                                      : device->WaitForFences(handle, num, fences, all, timeout);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetFenceStatus(VkDevice handle, VkFence fence)
{
    struct device *device = windowless_device_of(handle);
    return atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST : device->GetFenceStatus(handle, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetQueryPoolResults(VkDevice handle, VkQueryPool pool,
                                                              uint32_t first, uint32_t num, size_t bytes,
                                                              void *data, VkDeviceSize stride,
                                                              VkQueryResultFlags flags)
{
    struct device *device = windowless_device_of(handle);
    return atomic_load(&device->lost)
               ? VK_ERROR_DEVICE_LOST
               : device->GetQueryPoolResults(handle, pool, first, num, bytes, data, stride, flags);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_GetSemaphoreCounterValue(VkDevice handle, VkSemaphore semaphore,
                                                                   uint64_t *value)
{
    struct device *device = windowless_device_of(handle);
    return atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST
                                      : device->GetSemaphoreCounterValue(handle, semaphore, value);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_WaitSemaphores(VkDevice handle, const VkSemaphoreWaitInfo *info,
                                                         uint64_t timeout)
{
    struct device *device = windowless_device_of(handle);
    return atomic_load(&device->lost) ? VK_ERROR_DEVICE_LOST : device->WaitSemaphores(handle, info, timeout);
}

#define ENTRY(name)                                                                                          \
    {                                                                                                        \
        "vk" #name, (PFN_vkVoidFunction)own_##name                                                           \
    }

PFN_vkVoidFunction windowless_losing(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } entries[] = {
        ENTRY(QueueSubmit),
        ENTRY(QueueWaitIdle),
        ENTRY(DeviceWaitIdle),
        ENTRY(WaitForFences),
        ENTRY(GetFenceStatus),
        ENTRY(GetQueryPoolResults),
        ENTRY(GetSemaphoreCounterValue),
        ENTRY(WaitSemaphores),
    };
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}
