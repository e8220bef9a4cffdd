/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CONVERT_MASK_H
#define FR_CONVERT_MASK_H

#include <framering/convert.h>

/* What FRAMERING_CPU_MASK says; 0 where it is not set, or empty. FR_ERR_ARGUMENT: it is not understood. */
fr_status fr_cpu_mask_from_environment(uint32_t *out);

#endif
