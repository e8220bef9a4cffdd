/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_NATIVE_H
#define FR_CAPTURE_NATIVE_H

#include "channel/channel.h"

#include <framering/capture.h>

/* How this system's sources are reached: native_linux.c or native_win32.c. *out is untouched on failure,
 * which is logged. */
fr_status fr_capture_native_channel(struct fr_host_channel *out, const fr_capture_params *params);

#endif
