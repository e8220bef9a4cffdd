/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_LINUX_PROBE_VULKAN_H
#define FR_CLI_LINUX_PROBE_VULKAN_H

#include <jansson.h>

/* {fault, devices}: fault is "" where there is a loader and it lists devices. */
json_t *probe_vulkan_json(void);

/* {name, usable, reason}, from that. */
json_t *probe_vulkan_backend(const json_t *vulkan);

/* Its text. */
void probe_vulkan_write(const json_t *vulkan);

#endif
