/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_LEND_H
#define FR_TESTS_UNIT_VULKAN_LEND_H

/*
 * A loader that lends a driver DMA-BUF and SYNC_FD, and a kernel that keeps fences, within this process:
 * images that the driver shares in its own way pass for DMA-BUFs with the linear modifier, eventfds for sync
 * files. What takes a fence out of a semaphore waits for the queue first, as Mesa's driver for the processor
 * does. The faults' loader lies on top of it.
 */

#include "vulkan/gpu.h"

/* From now on, for devices made from now on. Off: everything goes to the driver and to the kernel. */
void lend_dma_buf(bool on);

PFN_vkVoidFunction VKAPI_CALL lend_get(VkInstance instance, const char *name);

/* In place of ioctl in src/backend/vulkan/sync_file.c, which is compiled once more for the tests. */
int lend_ioctl(int fd, unsigned long request, void *argument);

/* A sync file whose fence is not signalled, and the end of its work. */
int lend_fence(void);
void lend_signal(int sync_file, bool failed);

#endif
