/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_NATIVE_H
#define FR_CAPTURE_NATIVE_H

#include "backend/backend.h"

#include <framering/capture.h>

/* What makes this system's rings, by params->backend; *fallback is left alone where there is one way only.
 * FR_ERR_UNSUPPORTED: a backend that is not there, logged; FR_ERR_NO_MEMORY. What was made before a failure
 * is the caller's too. */
fr_status fr_capture_native_backends(struct fr_backend_host *backend, struct fr_backend_host *fallback,
                                     struct fr_os os, const fr_capture_params *params);

/* How this system's sources are reached: native_linux.c or native_win32.c. *out is untouched on failure,
 * which is logged. */
fr_status fr_capture_native_channel(struct fr_host_channel *out, const fr_capture_params *params);

#endif
