/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_LEND_IOCTL_H
#define FR_TESTS_UNIT_VULKAN_LEND_IOCTL_H

/* Before all of sync_file.c: the system's declaration first, then the name means ours. */

#define _GNU_SOURCE
#include <sys/ioctl.h>

int lend_ioctl(int fd, unsigned long request, void *argument);
#undef ioctl
#define ioctl lend_ioctl

#endif
