/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Semaphores, those that stand for others, and what waits for them. */
#include "vulkan/faults_inside.h"

#include <sys/mman.h>
#include <unistd.h>

enum { ALIASES = 64, SEMAPHORES_MAX = 32, SUBMITS_MAX = 4 };

static bool shared_timelines, hanging;
static int (*make_sync_file)(void);
static struct {
    VkSemaphore alias, target;
} aliases[ALIASES];

void faults_hang(bool on)
{
    hanging = on;
}

void faults_share_timelines(bool on)
{
    shared_timelines = on;
}

void faults_sync_files(int (*make)(void))
{
    make_sync_file = make;
}

bool faults_timelines_shared(void)
{
    return shared_timelines;
}

static VkSemaphore target_of(VkSemaphore semaphore)
{
    for (size_t i = 0; i < ALIASES && semaphore; i++)
        if (aliases[i].alias == semaphore)
            return aliases[i].target;
    return semaphore;
}

static const VkSemaphore *targets(uint32_t count, const VkSemaphore *from, VkSemaphore *to)
{
    assert_true(count <= SEMAPHORES_MAX);
    for (uint32_t i = 0; i < count; i++)
        to[i] = target_of(from[i]);
    return to;
}

static VkResult VKAPI_CALL wrap_CreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
                                                const VkAllocationCallbacks *allocator, VkSemaphore *out)
{
    VkSemaphoreCreateInfo plain = *info;
    VkSemaphoreTypeCreateInfo type;
    if (shared_timelines && info->pNext) {
        type = *(const VkSemaphoreTypeCreateInfo *)info->pNext;
        type.pNext = NULL;
        plain.pNext = &type;
    }
    const VkResult result = faults_due("vkCreateSemaphore")
                                ? faults_refuse(device)
                                : REAL(CreateSemaphore)(device, &plain, allocator, out);
    faults_count(FAULTS_SEMAPHORE, result == VK_SUCCESS);
    return result;
}

static void VKAPI_CALL wrap_DestroySemaphore(VkDevice device, VkSemaphore semaphore,
                                             const VkAllocationCallbacks *allocator)
{
    faults_count(FAULTS_SEMAPHORE, -(semaphore != VK_NULL_HANDLE));
    for (size_t i = 0; i < ALIASES; i++)
        if (aliases[i].alias == semaphore)
            aliases[i].alias = VK_NULL_HANDLE;
    REAL(DestroySemaphore)(device, semaphore, allocator);
}

static VkResult VKAPI_CALL wrap_GetSemaphoreFdKHR(VkDevice device, const VkSemaphoreGetFdInfoKHR *info,
                                                  int *fd)
{
    if (faults_due("vkGetSemaphoreFdKHR"))
        return faults_refuse(device);
    if (info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT) {
        const VkResult result = REAL(GetSemaphoreFdKHR)(device, info, fd);
        if (result != VK_SUCCESS || !make_sync_file)
            return result;
        if (*fd >= 0)
            close(*fd);
        *fd = make_sync_file();
        return VK_SUCCESS;
    }
    if (!shared_timelines)
        return REAL(GetSemaphoreFdKHR)(device, info, fd);
    *fd = memfd_create("semaphore", MFD_CLOEXEC);
    assert_int_equal(write(*fd, &info->semaphore, sizeof(info->semaphore)), sizeof(info->semaphore));
    return VK_SUCCESS;
}

static VkResult VKAPI_CALL wrap_ImportSemaphoreFdKHR(VkDevice device, const VkImportSemaphoreFdInfoKHR *info)
{
    if (faults_due("vkImportSemaphoreFdKHR"))
        return faults_refuse(device);
    if (!shared_timelines)
        return REAL(ImportSemaphoreFdKHR)(device, info);
    size_t free_at = 0;
    while (free_at < ALIASES && aliases[free_at].alias)
        free_at++;
    assert_true(free_at < ALIASES);
    aliases[free_at].alias = info->semaphore;
    assert_int_equal(pread(info->fd, &aliases[free_at].target, sizeof(VkSemaphore), 0), sizeof(VkSemaphore));
    close(info->fd);
    return VK_SUCCESS;
}

static void VKAPI_CALL wrap_GetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalSemaphoreInfo *info,
    VkExternalSemaphoreProperties *out)
{
    REAL(GetPhysicalDeviceExternalSemaphoreProperties)(physical, info, out);
    const bool opaque = info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    if (shared_timelines)
        out->externalSemaphoreFeatures = opaque ? VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
                                                      VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT
                                                : 0u;
}

static VkResult VKAPI_CALL wrap_WaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
                                               uint64_t timeout_ns)
{
    VkSemaphore list[SEMAPHORES_MAX];
    VkSemaphoreWaitInfo own = *info;
    own.pSemaphores = targets(info->semaphoreCount, info->pSemaphores, list);
    if (hanging)
        return VK_TIMEOUT;
    if (faults_is_lost(device, false))
        return VK_ERROR_DEVICE_LOST;
    return faults_due("vkWaitSemaphores") ? faults_refuse(device)
                                          : REAL(WaitSemaphores)(device, &own, timeout_ns);
}

static VkResult VKAPI_CALL wrap_GetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore,
                                                         uint64_t *out)
{
    if (faults_is_lost(device, true))
        return VK_ERROR_DEVICE_LOST;
    return faults_look_due("vkGetSemaphoreCounterValue")
               ? faults_refuse(device)
               : REAL(GetSemaphoreCounterValue)(device, target_of(semaphore), out);
}

static VkResult VKAPI_CALL wrap_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                                            VkFence fence)
{
    if (faults_is_lost(faults_device_of(queue), false))
        return VK_ERROR_DEVICE_LOST;
    if (faults_due("vkQueueSubmit")) {
        /* A program's own device has one queue, which was not asked for here. */
        (void)(faults_device_of(queue) ? REAL(DeviceWaitIdle)(faults_device_of(queue))
                                       : REAL(QueueWaitIdle)(queue));
        return faults_failure();
    }
    VkSemaphore wait[SUBMITS_MAX][SEMAPHORES_MAX], signal[SUBMITS_MAX][SEMAPHORES_MAX];
    VkSubmitInfo own[SUBMITS_MAX];
    assert_true(count <= SUBMITS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        own[i] = infos[i];
        own[i].pWaitSemaphores = targets(infos[i].waitSemaphoreCount, infos[i].pWaitSemaphores, wait[i]);
        own[i].pSignalSemaphores =
            targets(infos[i].signalSemaphoreCount, infos[i].pSignalSemaphores, signal[i]);
    }
    return REAL(QueueSubmit)(queue, count, own, fence);
}

const struct faults_entry faults_semaphores[] = {
    FAULTS_ENTRIES(Semaphore),          FAULTS_ENTRY(GetSemaphoreFdKHR),
    FAULTS_ENTRY(ImportSemaphoreFdKHR), FAULTS_ENTRY(GetPhysicalDeviceExternalSemaphoreProperties),
    FAULTS_ENTRY(WaitSemaphores),       FAULTS_ENTRY(GetSemaphoreCounterValue),
    FAULTS_ENTRY(QueueSubmit),          {0},
};
