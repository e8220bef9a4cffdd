/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"

#include "common/log.h"

fr_status fr_capture_native_channel(struct fr_host_channel *out, const fr_capture_params *params)
{
    (void)out;
    fr_log_write(&params->log, FR_LOG_ERROR, "this build has no channel for Windows; build it in");
    return FR_ERR_UNSUPPORTED;
}
