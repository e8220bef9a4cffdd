/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Puts a source together from the parts of this machine. */
#include "publish/native.h"
#include "publish/publish.h"

#include "backend/cpu/cpu.h"

fr_status fr_source_open(fr_source **out, const fr_source_params *params)
{
    if (!out || !params)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    struct fr_source_env env = {.os = fr_os_native(), .pid = fr_os_process_id()};
    fr_status status = fr_source_native_channel(&env.channel, params);
    if (status < 0)
        return status;
    status = fr_cpu_source_create(&env.backend[0], env.os);
    if (status < 0) {
        env.channel.ops->destroy(env.channel.self);
        return status;
    }
    return fr_source_open_env(out, params, &env);
}
