/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Puts a source together from the parts of this machine. */
#define _GNU_SOURCE
#include "publish/publish.h"

#include "backend/cpu/cpu.h"
#include "channel/socket.h"
#include "common/log.h"

#include <stdlib.h>
#include <unistd.h>

/* The inherited socket, or -1. The variable is unset, so that the source's own children do not take it for
 * theirs. */
static fr_status inherited_socket(const fr_source_params *params, int *out)
{
    *out = -1;
    const char *text = params->by_target ? NULL : getenv(FR_SOURCE_SOCKET_ENV);
    if (!text)
        return FR_OK;
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (end == text || *end || number < 0 || number > 0xffff) {
        fr_log_write(&params->log, FR_LOG_ERROR,
                     "%s=\"%s\" is not the number of a socket; unset it to connect by target",
                     FR_SOURCE_SOCKET_ENV, text);
        return FR_ERR_ARGUMENT;
    }
    unsetenv(FR_SOURCE_SOCKET_ENV);
    *out = (int)number;
    return FR_OK;
}

fr_status fr_source_open(fr_source **out, const fr_source_params *params)
{
    if (!out || !params)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    struct fr_socket_source_params socket = {
        .target_id = params->target_id,
        .runtime_dir = params->runtime_dir,
        .name = params->name ? params->name : "source",
        .log = params->log,
    };
    fr_status status = inherited_socket(params, &socket.socket_fd);
    if (status < 0)
        return status;
    struct fr_source_env env = {.os = fr_os_native(), .pid = (uint32_t)getpid()};
    status = fr_socket_source_create(&env.channel, &socket);
    if (status < 0)
        return status;
    status = fr_cpu_source_create(&env.backend[0], env.os);
    if (status < 0) {
        env.channel.ops->destroy(env.channel.self);
        return status;
    }
    return fr_source_open_env(out, params, &env);
}
