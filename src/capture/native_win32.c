/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/native.h"

#include "channel/named.h"
#include "channel/sealed.h"
#include "common/log.h"

static fr_status create_pipe(struct fr_host_channel *out, const fr_capture_params *params,
                             const fr_win32_host_params *win32)
{
    const struct fr_pipe_host_params pipe = {
        .target_id = params->target_id,
        .prefix = win32->name_prefix,
        .no_pipe = params->no_socket,
        .sddl = win32->sddl,
        .source_image = win32->source_image,
        .log = params->log,
    };
    return fr_pipe_host_create(out, &pipe);
}

static fr_status create_courier(struct fr_host_channel *out, const fr_capture_params *params,
                                const fr_win32_host_params *win32)
{
    const struct fr_courier_host_params courier = {
        .target_id = params->target_id,
        .courier = win32->courier,
        .prefix = win32->name_prefix,
        .sddl = win32->sddl,
        .source_image = win32->source_image,
        .log = params->log,
    };
    return fr_courier_host_create(out, &courier);
}

static fr_status create_named(struct fr_host_channel *out, const fr_capture_params *params,
                              const fr_win32_host_params *win32)
{
    const struct fr_named_host_params named = {
        .target_id = params->target_id,
        .wire_version = win32->wire_version,
        .prefix = win32->name_prefix,
        .sddl = win32->sddl,
        .everyone = win32->everyone,
        .log = params->log,
    };
    return fr_named_host_create(out, &named);
}

fr_status fr_capture_native_channel(struct fr_host_channel *out, const fr_capture_params *params)
{
    const fr_win32_host_params none = {.channel = FR_WIN32_CHANNEL_PIPE};
    const fr_win32_host_params *win32 = params->win32 ? params->win32 : &none;
    switch (win32->channel) {
    case FR_WIN32_CHANNEL_PIPE: return create_pipe(out, params, win32);
    case FR_WIN32_CHANNEL_DELIVERED: return create_courier(out, params, win32);
    case FR_WIN32_CHANNEL_NAMED: return create_named(out, params, win32);
    }
    fr_log_write(&params->log, FR_LOG_ERROR, "there is no channel %d: pipe, delivered or named",
                 (int)win32->channel);
    return FR_ERR_ARGUMENT;
}
