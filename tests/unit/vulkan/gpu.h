/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_GPU_H
#define FR_TESTS_UNIT_VULKAN_GPU_H

/* What the tests of the Vulkan backend share. The device is lavapipe (meson.build), under the validation
 * layer, whose errors end the program. */

#include "backend/vulkan/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* To stderr. */
const fr_log *gpu_log(void);

#endif
