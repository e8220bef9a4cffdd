/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_CPU_MASK_H
#define FR_CLI_CPU_MASK_H

#include "args.h"

#include <stdbool.h>
#include <stdint.h>

/* The help of --cpu-mask LIST. */
extern const char cpu_mask_help[];

/* Takes the value of --cpu-mask. False: it is not understood, and that was told. */
bool cpu_mask_take(const struct args *args, uint32_t *out);

/* False, and told: the environment variable is not understood, and no converter could be made. */
bool cpu_mask_environment(void);

#endif
