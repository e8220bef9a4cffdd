/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_VGEM_H
#define FR_TESTS_UNIT_VULKAN_VGEM_H

/* Fences of the kernel's that are signalled when a test says so, by its module vgem. The kernel signals what
 * is left after 10 s, and what belongs to a file that is closed. */

#include <stdbool.h>
#include <stdint.h>

struct vgem {
    int card; /* < 0: there is none */
};

void vgem_open(struct vgem *vgem);
/* Its fences are signalled. Accepts none. */
void vgem_close(struct vgem *vgem);

/* A sync file of a fence that is not signalled; *fence: for vgem_signal. */
int vgem_sync_file(const struct vgem *vgem, uint32_t *fence);
void vgem_signal(const struct vgem *vgem, uint32_t fence);

#endif
