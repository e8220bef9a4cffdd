/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_ARM_NEON_H
#define FR_CONVERT_ARM_NEON_H

#include "convert/kernel.h"

#include <arm_neon.h>

#endif
