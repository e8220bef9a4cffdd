/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Puts a source together from the parts of this machine. */
#include "publish/native.h"

fr_status fr_source_open(fr_source **out, const fr_source_params *params)
{
    if (!out || !params)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    struct fr_source_env env = {.os = fr_os_native(), .pid = fr_os_process_id()};
    fr_status status = fr_source_native_backends(&env, params);
    if (status >= 0)
        status = fr_source_native_channel(&env.channel, params, &env);
    if (status < 0) {
        fr_source_env_finish(&env);
        return status;
    }
    return fr_source_open_env(out, params, &env);
}
