/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_HOST_H
#define FR_BACKEND_VULKAN_HOST_H

#include "backend/vulkan/device.h"

/* fr_vk_host_create on another loader. */
fr_status fr_vk_host_create_with(struct fr_backend_host *out, const fr_vulkan_host_params *params,
                                 struct fr_os os, bool automatic, PFN_vkGetInstanceProcAddr get,
                                 const fr_log *log);

#endif
