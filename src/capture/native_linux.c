/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"

#include "backend/cpu/cpu.h"
#include "channel/socket.h"
#include "common/log.h"

fr_status fr_capture_native_channel(struct fr_host_channel *out, const fr_capture_params *params)
{
    const struct fr_socket_host_params socket = {
        .target_id = params->target_id,
        .runtime_dir = params->runtime_dir,
        .no_socket = params->no_socket,
        .allow_uids = params->allow_uids,
        .num_allow_uids = params->num_allow_uids,
        .log = params->log,
    };
    return fr_socket_host_create(out, &socket);
}

fr_status fr_capture_native_backends(struct fr_backend_host *backend, struct fr_backend_host *fallback,
                                     struct fr_os os, const fr_capture_params *params)
{
    (void)fallback;
    if (params->backend != FR_BACKEND_AUTO && params->backend != FR_BACKEND_CPU) {
        fr_log_write(&params->log, FR_LOG_ERROR, "this backend is not built in; use auto or cpu");
        return FR_ERR_UNSUPPORTED;
    }
    return fr_cpu_host_create(backend, os);
}
