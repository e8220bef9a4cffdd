/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/sync.h"

#include "common/log.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* A frame's value is one more than that of the frame before: nothing honest is further ahead. */
#define VALUES_AHEAD_MAX 1024u

uint64_t fr_vk_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * FR_NS_PER_S + (uint64_t)now.tv_nsec;
}

VkResult fr_vk_timeline_create(const struct fr_vk_device *device,
                               VkExternalSemaphoreHandleTypeFlags handle_types, VkSemaphore *out)
{
    const VkExportSemaphoreCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
        .handleTypes = handle_types,
    };
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .pNext = handle_types ? &external : NULL,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    const VkResult result = device->vk.CreateSemaphore(device->device, &info, NULL, out);
    if (result != VK_SUCCESS)
        *out = VK_NULL_HANDLE;
    return result;
}

static VkResult undo(const struct fr_vk_device *device, VkResult result, VkSemaphore *semaphore)
{
    device->vk.DestroySemaphore(device->device, *semaphore, NULL);
    *semaphore = VK_NULL_HANDLE;
    return result;
}

VkResult fr_vk_timeline_export(const struct fr_vk_device *device, VkSemaphore *out, int *fd)
{
    *fd = -1;
    VkResult result = fr_vk_timeline_create(device, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT, out);
    if (result != VK_SUCCESS)
        return result;
    const VkSemaphoreGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
        .semaphore = *out,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
    };
    result = device->vk.GetSemaphoreFdKHR(device->device, &info, fd);
    if (result == VK_SUCCESS)
        return VK_SUCCESS;
    *fd = -1;
    return undo(device, result, out);
}

VkResult fr_vk_timeline_import(const struct fr_vk_device *device, int fd, VkSemaphore *out)
{
    VkResult result = fr_vk_timeline_create(device, 0, out);
    if (result != VK_SUCCESS)
        return result;
    /* A successful import owns its descriptor. */
    const VkImportSemaphoreFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
        .semaphore = *out,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
        .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
    };
    if (info.fd < 0)
        return undo(device, VK_ERROR_TOO_MANY_OBJECTS, out);
    result = device->vk.ImportSemaphoreFdKHR(device->device, &info);
    if (result == VK_SUCCESS)
        return VK_SUCCESS;
    close(info.fd);
    return undo(device, result, out);
}

enum fr_claim fr_vk_claim_failed(struct fr_vk_device *device, VkResult result, const char *call,
                                 const fr_log *log)
{
    if (fr_vk_device_status(device, result) == FR_ERR_DEVICE_LOST) {
        fr_vk_device_log_loss(device, log);
        return FR_CLAIM_FATAL;
    }
    fr_log_write(log, FR_LOG_WARNING, "%s of a slot failed: %s; the ring cannot be trusted any more", call,
                 fr_vk_result_name(result));
    return FR_CLAIM_ABANDONED;
}

/* VK_SUCCESS: reached; VK_NOT_READY: worth waiting for; VK_TIMEOUT: not worth it. */
static VkResult look(const struct fr_vk_device *device, VkSemaphore semaphore, uint64_t value)
{
    uint64_t reached;
    const VkResult result = device->vk.GetSemaphoreCounterValue(device->device, semaphore, &reached);
    if (result != VK_SUCCESS)
        return result;
    /* What drivers leave behind in a semaphore whose process or device is gone. */
    if (reached == UINT64_MAX)
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    if (reached >= value)
        return VK_SUCCESS;
    return value - reached > VALUES_AHEAD_MAX ? VK_TIMEOUT : VK_NOT_READY;
}

static VkResult wait_until(const struct fr_vk_device *device, VkSemaphore semaphore, uint64_t value,
                           uint64_t timeout_ns)
{
    VkResult result = look(device, semaphore, value);
    if (result != VK_NOT_READY || !timeout_ns)
        return result == VK_NOT_READY ? VK_TIMEOUT : result;
    const uint64_t start = fr_vk_now_ns(), spin_ns = timeout_ns < FR_VK_SPIN_NS ? timeout_ns : FR_VK_SPIN_NS;
    uint64_t spent;
    while ((spent = fr_vk_now_ns() - start) < spin_ns) {
        result = look(device, semaphore, value);
        if (result != VK_NOT_READY)
            return result;
    }
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &value,
    };
    return device->vk.WaitSemaphores(device->device, &info, spent < timeout_ns ? timeout_ns - spent : 0);
}

enum fr_claim fr_vk_wait_for(struct fr_vk_device *device, VkSemaphore semaphore, uint64_t value,
                             uint64_t timeout_ns, const fr_log *log)
{
    const VkResult result = wait_until(device, semaphore, value, fr_vk_device_patience(device, timeout_ns));
    if (result == VK_TIMEOUT)
        return FR_CLAIM_BUSY;
    return result == VK_SUCCESS ? FR_CLAIM_ACQUIRED
                                : fr_vk_claim_failed(device, result, "the wait for the GPU work", log);
}
