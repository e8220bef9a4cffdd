/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Puts a capture together from the parts of this machine. */
#include "capture/capture.h"
#include "capture/native.h"

#include "common/log.h"

/* The provider's state is wanted before the first ring: asked once here, where waiting is allowed. */
static fr_status build_feed(struct fr_capture_env *env, const fr_capture_params *params)
{
    const fr_display_provider *provider = params->display;
    if (!provider)
        return FR_OK;
    if (!provider->sample) {
        fr_log_write(&params->log, FR_LOG_ERROR, "a display provider needs a sample function");
        return FR_ERR_ARGUMENT;
    }
    env->has_display = provider->sample(provider->self, &env->display) == FR_OK;
    if (!env->has_display)
        fr_log_write(&params->log, FR_LOG_WARNING,
                     "the display's mode cannot be read, the preferred one is used until it can");
    const uint64_t interval_ns = params->timing.descriptor_poll_ns;
    return fr_display_sampler_create(&env->feed, provider, interval_ns ? interval_ns : 250 * FR_NS_PER_MS,
                                     &env->notify);
}

static fr_status build_env(struct fr_capture_env *env, const fr_capture_params *params)
{
    fr_status status = env->os.ops->event_create(env->os.self, NULL, &env->notify);
    if (status >= 0)
        status = fr_capture_native_channel(&env->channel, params);
    if (status >= 0)
        status = fr_capture_native_backends(&env->backend, &env->fallback, env->os, params);
    if (status >= 0)
        status = build_feed(env, params);
    return status;
}

fr_status fr_capture_open(fr_capture **out, const fr_capture_params *params, const fr_keepalive *keepalive)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    if (!params)
        return FR_ERR_ARGUMENT;
    struct fr_capture_env env = {
        .os = fr_os_native(), .notify.handle = FR_HANDLE_NONE, .pid = fr_os_process_id()};
    const fr_status status = build_env(&env, params);
    if (status < 0) {
        fr_capture_env_finish(&env);
        return status;
    }
    return fr_capture_open_env(out, params, keepalive, &env);
}
