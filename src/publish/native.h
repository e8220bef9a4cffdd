/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_PUBLISH_NATIVE_H
#define FR_PUBLISH_NATIVE_H

#include "publish/publish.h"

/* How this system's hosts are reached: native_linux.c or native_win32.c. `env` has the backends, and says
 * what the HELLO tells of them. *out is untouched on failure, which is logged. */
fr_status fr_source_native_channel(struct fr_source_channel *out, const fr_source_params *params,
                                   const struct fr_source_env *env);

/* What opens rings for this source. What was made before a failure is the caller's too. FR_ERR_NO_MEMORY;
 * FR_ERR_* of a device that cannot be used, logged. */
fr_status fr_source_native_backends(struct fr_source_env *env, const fr_source_params *params);

#endif
