/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"

#include "channel/socket.h"

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
