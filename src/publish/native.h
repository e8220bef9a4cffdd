/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_PUBLISH_NATIVE_H
#define FR_PUBLISH_NATIVE_H

#include "channel/channel.h"

#include <framering/source.h>

/* How this system's hosts are reached: native_linux.c or native_win32.c. *out is untouched on failure, which
 * is logged. */
fr_status fr_source_native_channel(struct fr_source_channel *out, const fr_source_params *params);

#endif
