/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/native.h"

#include "common/log.h"

fr_status fr_source_native_channel(struct fr_source_channel *out, const fr_source_params *params,
                                   uint64_t capabilities)
{
    (void)capabilities;
    (void)out;
    fr_log_write(&params->log, FR_LOG_ERROR, "this build has no channel for Windows; build it in");
    return FR_ERR_UNSUPPORTED;
}
