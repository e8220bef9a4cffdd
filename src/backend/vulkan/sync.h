/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_SYNC_H
#define FR_BACKEND_VULKAN_SYNC_H

/* Timeline semaphores that the two sides of a ring share, and waits with a bound. */

#include "backend/vulkan/device.h"

/* How long a wait looks before it sleeps: to be woken costs more than the rest of most copies takes. */
#define FR_VK_SPIN_NS (200u * UINT64_C(1000))

/* At 0. `handle_types`: as what it will be exported; 0: not at all. */
VkResult fr_vk_timeline_create(const struct fr_vk_device *device,
                               VkExternalSemaphoreHandleTypeFlags handle_types, VkSemaphore *out);
/* At 0. *fd is the caller's. Nothing is left on failure. */
VkResult fr_vk_timeline_export(const struct fr_vk_device *device, VkSemaphore *out, int *fd);
/* `fd` stays the caller's. Nothing is left on failure. */
VkResult fr_vk_timeline_import(const struct fr_vk_device *device, int fd, VkSemaphore *out);

/*
 * ACQUIRED: the semaphore has reached `value`, the other side's word. BUSY: not within timeout_ns; a value
 * further ahead than frames can be is not waited for. ABANDONED: the semaphore says that its other side is
 * broken. FATAL: the device is lost.
 */
enum fr_claim fr_vk_wait_for(struct fr_vk_device *device, VkSemaphore semaphore, uint64_t value,
                             uint64_t timeout_ns, const fr_log *log);

/* What a call that failed means for a claim. Logged. */
enum fr_claim fr_vk_claim_failed(struct fr_vk_device *device, VkResult result, const char *call,
                                 const fr_log *log);

uint64_t fr_vk_now_ns(void);

#endif
