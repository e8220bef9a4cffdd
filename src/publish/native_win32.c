/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/native.h"

#include "channel/named.h"
#include "channel/sealed.h"
#include "common/log.h"

#include <stdlib.h>

/* The inherited pipe, or FR_HANDLE_NONE. The variable is unset, so that the source's own children do not take
 * it for theirs. */
static fr_status inherited_pipe(const fr_source_params *params, fr_handle *out)
{
    *out = FR_HANDLE_NONE;
    const char *text = params->by_target ? NULL : getenv(FR_SOURCE_SOCKET_ENV);
    if (!text)
        return FR_OK;
    char *end = NULL;
    const long number = strtol(text, &end, 10);
    if (end == text || *end || number <= 0) {
        fr_log_write(&params->log, FR_LOG_ERROR,
                     "%s=\"%s\" is not the number of a handle; unset it to connect by target",
                     FR_SOURCE_SOCKET_ENV, text);
        return FR_ERR_ARGUMENT;
    }
    _putenv(FR_SOURCE_SOCKET_ENV "=");
    *out = (fr_handle)number;
    return FR_OK;
}

static fr_status create_pipe(struct fr_source_channel *out, const fr_source_params *params,
                             const char *prefix, uint64_t capabilities)
{
    struct fr_pipe_source_params pipe = {
        .target_id = params->target_id,
        .prefix = prefix,
        .name = params->name ? params->name : "source",
        .capabilities = capabilities,
        .log = params->log,
    };
    const fr_status status = inherited_pipe(params, &pipe.inherited);
    return status < 0 ? status : fr_pipe_source_create(out, &pipe);
}

static fr_status create_named(struct fr_source_channel *out, const fr_source_params *params,
                              const char *prefix)
{
    const struct fr_named_source_params named = {
        .target_id = params->target_id, .prefix = prefix, .log = params->log};
    return fr_named_source_create(out, &named);
}

fr_status fr_source_native_channel(struct fr_source_channel *out, const fr_source_params *params,
                                   const struct fr_source_env *env)
{
    const uint64_t capabilities = fr_source_capabilities(env);
    const fr_win32_source_params none = {.channel = FR_WIN32_CHANNEL_PIPE};
    const fr_win32_source_params *win32 = params->win32 ? params->win32 : &none;
    switch (win32->channel) {
    case FR_WIN32_CHANNEL_PIPE: return create_pipe(out, params, win32->name_prefix, capabilities);
    case FR_WIN32_CHANNEL_DELIVERED:
        return fr_delivered_source_create(out, params->target_id, capabilities, &params->log);
    case FR_WIN32_CHANNEL_NAMED: return create_named(out, params, win32->name_prefix);
    }
    fr_log_write(&params->log, FR_LOG_ERROR, "there is no channel %d: pipe, delivered or named",
                 (int)win32->channel);
    return FR_ERR_ARGUMENT;
}

fr_status fr_source_deliver(fr_source *source, const void *ring, size_t bytes)
{
    return source ? fr_delivered_source_put(&source->env.channel, ring, bytes) : FR_ERR_ARGUMENT;
}

void fr_source_host_gone(fr_source *source)
{
    if (source)
        fr_delivered_source_host_gone(&source->env.channel);
}
