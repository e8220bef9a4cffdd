/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "publish/native.h"

#include "channel/socket.h"
#include "common/log.h"

#include <stdlib.h>

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

fr_status fr_source_native_channel(struct fr_source_channel *out, const fr_source_params *params,
                                   const struct fr_source_env *env)
{
    struct fr_socket_source_params socket = {
        .target_id = params->target_id,
        .runtime_dir = params->runtime_dir,
        .name = params->name ? params->name : "source",
        .capabilities = fr_source_capabilities(env),
        .gpu = fr_source_gpu(env),
        .log = params->log,
    };
    const fr_status status = inherited_socket(params, &socket.socket_fd);
    return status < 0 ? status : fr_socket_source_create(out, &socket);
}
