/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_SYNC_FILE_H
#define FR_BACKEND_VULKAN_SYNC_FILE_H

/*
 * FR_WIRE_SYNC_FILE: the end of GPU work is a fence of the kernel's that hangs on the slot's DMA-BUF. Who
 * submits work on a slot attaches it (DMA_BUF_IOCTL_IMPORT_SYNC_FILE); who wants the slot asks for what hangs
 * there (DMA_BUF_IOCTL_EXPORT_SYNC_FILE) and waits for that, with a bound, on the CPU. Linux 6.0.
 */

#include "backend/vulkan/device.h"

enum fr_sync_access {
    FR_SYNC_READ, /* waits for what writes; is waited for by what writes */
    FR_SYNC_WRITE /* waits for all; is waited for by all */
};

/* Finds out, on a small DMA-BUF of the device, whether the kernel can do both. "" or why it is not used. */
const char *fr_vk_sync_file_query(const struct fr_vk_device *device);

/* Binary, unsignalled; `exported`: its payload will be taken out by fr_vk_semaphore_take. */
VkResult fr_vk_semaphore_create(const struct fr_vk_device *device, bool exported, VkSemaphore *out);
/* The end of the work that was submitted to signal it; the semaphore is unsignalled afterwards. *sync_file:
 * the caller's; -1: that work is done. */
VkResult fr_vk_semaphore_take(const struct fr_vk_device *device, VkSemaphore semaphore, int *sync_file);
/* The next wait for the semaphore, of which there is none under way, is a wait for `sync_file`, which is
 * taken over on VK_SUCCESS only. */
VkResult fr_vk_semaphore_put(const struct fr_vk_device *device, VkSemaphore semaphore, int sync_file);

/* Who uses the memory from now on waits for `sync_file`, which stays the caller's. 0, or errno. */
int fr_sync_file_attach(int dma_buf, enum fr_sync_access access, int sync_file);

/*
 * What hangs on the memory, put there by anybody who has it, is over. ACQUIRED: *sync_file is the caller's;
 * BUSY: not within timeout_ns. ABANDONED: the kernel does not say (logged), or, for FR_SYNC_READ, what wrote
 * failed. `sync_file` may be NULL.
 */
enum fr_claim fr_sync_file_wait(int dma_buf, enum fr_sync_access access, uint64_t timeout_ns, int *sync_file,
                                const fr_log *log);

#endif
