/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/sync_file.h"

#include "backend/vulkan/memory.h"
#include "backend/vulkan/sync.h"

#include "common/log.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Kernel headers before 6.0. */
#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
struct dma_buf_export_sync_file {
    uint32_t flags;
    int32_t fd;
};
struct dma_buf_import_sync_file {
    uint32_t flags;
    int32_t fd;
};
#define DMA_BUF_IOCTL_EXPORT_SYNC_FILE _IOWR(DMA_BUF_BASE, 2, struct dma_buf_export_sync_file)
#define DMA_BUF_IOCTL_IMPORT_SYNC_FILE _IOW(DMA_BUF_BASE, 3, struct dma_buf_import_sync_file)
#endif

enum { INTERRUPTIONS_MAX = 100 };

/* 0, or errno. */
static int control(int fd, unsigned long request, void *argument)
{
    for (int tries = 0; tries < INTERRUPTIONS_MAX; tries++) {
        if (ioctl(fd, request, argument) == 0)
            return 0;
        if (errno != EINTR && errno != EAGAIN)
            break;
    }
    return errno;
}

static uint32_t flags_of(enum fr_sync_access access)
{
    return access == FR_SYNC_READ ? DMA_BUF_SYNC_READ : DMA_BUF_SYNC_WRITE;
}

static int collect(int dma_buf, enum fr_sync_access access, int *sync_file)
{
    struct dma_buf_export_sync_file out = {.flags = flags_of(access), .fd = -1};
    const int error = control(dma_buf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out);
    *sync_file = error ? -1 : out.fd;
    return error;
}

int fr_sync_file_attach(int dma_buf, enum fr_sync_access access, int sync_file)
{
    struct dma_buf_import_sync_file in = {.flags = flags_of(access), .fd = sync_file};
    return control(dma_buf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &in);
}

/* 0: signalled; ETIME: not yet; else errno. */
static int look(int sync_file, uint64_t timeout_ns)
{
    struct pollfd one = {.fd = sync_file, .events = POLLIN};
    const struct timespec wait = {(time_t)(timeout_ns / FR_NS_PER_S), (long)(timeout_ns % FR_NS_PER_S)};
    const int count = ppoll(&one, 1, &wait, NULL);
    if (count < 0)
        return errno == EINTR ? ETIME : errno;
    if (!count)
        return ETIME;
    return one.revents & POLLIN ? 0 : EBADF;
}

static int wait_until(int sync_file, uint64_t timeout_ns)
{
    const uint64_t start = fr_vk_now_ns();
    int error = look(sync_file, 0);
    for (uint64_t spent = 0; error == ETIME && spent < timeout_ns; spent = fr_vk_now_ns() - start)
        error = look(sync_file, spent < FR_VK_SPIN_NS ? 0 : timeout_ns - spent);
    return error;
}

/* Work that ended by a reset of its GPU, say. */
static bool has_failed(int sync_file)
{
    struct sync_file_info info = {.num_fences = 0};
    return control(sync_file, SYNC_IOC_FILE_INFO, &info) == 0 && info.status < 0;
}

enum fr_claim fr_sync_file_wait(int dma_buf, enum fr_sync_access access, uint64_t timeout_ns, int *sync_file,
                                const fr_log *log)
{
    int found;
    int error = collect(dma_buf, access, &found);
    if (!error)
        error = wait_until(found, timeout_ns);
    const bool failed = !error && access == FR_SYNC_READ && has_failed(found);
    const bool acquired = !error && !failed;
    if (sync_file)
        *sync_file = acquired ? found : -1;
    if (found >= 0 && !(sync_file && acquired))
        close(found);
    if (acquired)
        return FR_CLAIM_ACQUIRED;
    if (error == ETIME)
        return FR_CLAIM_BUSY;
    fr_log_write(log, FR_LOG_WARNING, "the GPU work on a slot %s%s; the ring cannot be trusted any more",
                 failed ? "failed" : "cannot be waited for: ", failed ? "" : strerror(error));
    return FR_CLAIM_ABANDONED;
}

VkResult fr_vk_semaphore_create(const struct fr_vk_device *device, bool exported, VkSemaphore *out)
{
    const VkExportSemaphoreCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
    };
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = exported ? &external : NULL,
    };
    const VkResult result = device->vk.CreateSemaphore(device->device, &info, NULL, out);
    if (result != VK_SUCCESS)
        *out = VK_NULL_HANDLE;
    return result;
}

VkResult fr_vk_semaphore_take(const struct fr_vk_device *device, VkSemaphore semaphore, int *sync_file)
{
    const VkSemaphoreGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
        .semaphore = semaphore,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
    };
    const VkResult result = device->vk.GetSemaphoreFdKHR(device->device, &info, sync_file);
    if (result != VK_SUCCESS)
        *sync_file = -1;
    return result;
}

VkResult fr_vk_semaphore_put(const struct fr_vk_device *device, VkSemaphore semaphore, int sync_file)
{
    const VkImportSemaphoreFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
        .semaphore = semaphore,
        .flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
        .fd = sync_file,
    };
    return device->vk.ImportSemaphoreFdKHR(device->device, &info);
}

/* Both on one memory: what was there is attached again. */
static int try_kernel(int dma_buf)
{
    int sync_file;
    int error = collect(dma_buf, FR_SYNC_READ, &sync_file);
    if (error)
        return error;
    error = fr_sync_file_attach(dma_buf, FR_SYNC_READ, sync_file);
    close(sync_file);
    return error;
}

static bool shares_semaphores(const struct fr_vk_device *device)
{
    const VkPhysicalDeviceExternalSemaphoreInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
    };
    VkExternalSemaphoreProperties out = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
    device->vk.GetPhysicalDeviceExternalSemaphoreProperties(device->physical, &info, &out);
    const VkExternalSemaphoreFeatureFlags both =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    return (out.externalSemaphoreFeatures & both) == both;
}

const char *fr_vk_sync_file_query(const struct fr_vk_device *device)
{
    if (!device->dma_buf)
        return "the device shares no images as DMA-BUF";
    if (!fr_vk_device_has(device, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) ||
        !device->vk.GetSemaphoreFdKHR || !device->vk.ImportSemaphoreFdKHR)
        return "the device lacks VK_KHR_external_semaphore_fd";
    if (!shares_semaphores(device))
        return "the device does not share semaphores as SYNC_FD";
    const struct fr_vk_sharing sharing = {
        .kind = FR_SLOTS_DMA_BUF,
        .width = 16,
        .height = 16,
        .format = FR_FORMAT_BGRA8,
        .modifiers = device->gpu.modifier,
        .num_modifiers = device->gpu.num_modifiers,
    };
    struct fr_vk_image image;
    struct fr_gpu_image layout;
    int fd;
    if (fr_vk_image_export(device, &sharing, &image, &layout, &fd) != VK_SUCCESS)
        return "no DMA-BUF can be made to look at";
    const int error = try_kernel(fd);
    close(fd);
    fr_vk_image_destroy(device, &image);
    return error ? "the kernel is older than 6.0, or has no sync files" : "";
}
