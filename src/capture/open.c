/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

#include <stdlib.h>

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
    return value ? value : otherwise;
}

static void fill_timing(fr_capture_timing *timing)
{
    timing->attach_wait_ns = or_default(timing->attach_wait_ns, 4 * FR_NS_PER_S);
    timing->event_slice_ns = or_default(timing->event_slice_ns, 16 * FR_NS_PER_MS);
    timing->descriptor_poll_ns = or_default(timing->descriptor_poll_ns, 250 * FR_NS_PER_MS);
    timing->hdr_settle_ns = or_default(timing->hdr_settle_ns, 250 * FR_NS_PER_MS);
    timing->recovery_ns = or_default(timing->recovery_ns, 3 * FR_NS_PER_S);
    timing->first_frame_ns = or_default(timing->first_frame_ns, 20 * FR_NS_PER_S);
    timing->stalled_ns = or_default(timing->stalled_ns, 2 * FR_NS_PER_S);
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* Fills defaults in; FR_ERR_ARGUMENT with a sentence. */
static fr_status settle_params(fr_capture_params *params)
{
    fill_timing(&params->timing);
    if (!params->ring_len)
        params->ring_len = FR_CAPTURE_RING_LEN;
    if (!params->out_surfaces)
        params->out_surfaces = FR_CAPTURE_OUT_SURFACES;
    const fr_mode *mode = &params->preferred;
    if (params->ring_len < FR_RING_LEN_MIN || params->ring_len > FR_WIRE_SLOTS_MAX) {
        fr_log_write(&params->log, FR_LOG_ERROR, "a ring has %u to %u slots, not %u", FR_RING_LEN_MIN,
                     FR_WIRE_SLOTS_MAX, params->ring_len);
        return FR_ERR_ARGUMENT;
    }
    if (params->out_surfaces < 2 || params->out_surfaces > FR_OUT_SURFACES_MAX) {
        fr_log_write(&params->log, FR_LOG_ERROR, "an out ring has 2 to %u surfaces, not %u",
                     FR_OUT_SURFACES_MAX, params->out_surfaces);
        return FR_ERR_ARGUMENT;
    }
    if (params->convert_threads > FR_CONVERT_THREADS_MAX) {
        fr_log_write(&params->log, FR_LOG_ERROR, "a conversion has 1 to %u threads, not %u",
                     FR_CONVERT_THREADS_MAX, params->convert_threads);
        return FR_ERR_ARGUMENT;
    }
    if (mode->width > FR_SIZE_MAX || mode->height > FR_SIZE_MAX || !mode->width != !mode->height) {
        fr_log_write(&params->log, FR_LOG_ERROR, "a display has 1 to %u pixels each way, not %ux%u",
                     FR_SIZE_MAX, mode->width, mode->height);
        return FR_ERR_ARGUMENT;
    }
    if (params->spin_ns > FR_CAPTURE_SPIN_MAX_NS) {
        fr_log_write(&params->log, FR_LOG_ERROR,
                     "a capture looks for a frame for 1 s at most, not for %.3f s",
                     (double)params->spin_ns / 1e9);
        return FR_ERR_ARGUMENT;
    }
    /* d frames in flight need d + 1 surfaces. */
    params->depth = clamp(params->depth ? params->depth : FR_CAPTURE_DEPTH, 1, params->out_surfaces - 1);
    return FR_OK;
}

void fr_capture_env_finish(struct fr_capture_env *env)
{
    if (env->feed.ops)
        env->feed.ops->destroy(env->feed.self);
    if (env->channel.ops)
        env->channel.ops->destroy(env->channel.self);
    if (env->backend.ops)
        env->backend.ops->destroy(env->backend.self);
    if (env->fallback.ops)
        env->fallback.ops->destroy(env->fallback.self);
    env->os.ops->event_close(env->os.self, &env->notify);
}

void fr_capture_close(fr_capture **capture_)
{
    if (!capture_ || !*capture_)
        return;
    fr_capture *capture = *capture_;
    *capture_ = NULL;
    fr_generation_end(capture, 0);
    fr_capture_drop_converter(capture);
    fr_out_ring_drop(&capture->out);
    fr_capture_env_finish(&capture->env);
    if (capture->keepalive.release)
        capture->keepalive.release(capture->keepalive.object);
    free(capture);
}

static fr_status start(fr_capture *capture)
{
    const struct fr_host_channel *channel = &capture->env.channel;
    fr_status status = channel->ops->start(channel->self, &capture->env.notify);
    if (status < 0)
        return status;
    if (capture->params.start_source) {
        int fd = -1;
        status = channel->ops->invite(channel->self, &fd);
        if (status >= 0)
            status = capture->params.start_source(capture->params.user, fd);
        if (status < 0)
            return status;
    }
    return fr_capture_attach(capture);
}

static void init(fr_capture *capture, const fr_capture_params *params, const struct fr_capture_env *env)
{
    capture->env = *env;
    capture->params = *params;
    capture->log = params->log;
    fr_pace_init(&capture->pace, params->spin_ns);
    capture->last_generation = env->channel.last_generation;
    capture->ring.header.handle = FR_HANDLE_NONE;
    capture->ring.event.handle = FR_HANDLE_NONE;
    capture->follow.display =
        (fr_display_descriptor){.mode = params->preferred, .colour_state = FR_COLOUR_STATE_SDR};
    if (env->has_display)
        (void)fr_follow_report(&capture->follow, &env->display, true);
    capture->no_frame_since_ns = fr_capture_now(capture);
}

fr_status fr_capture_open_env(fr_capture **out, const fr_capture_params *params,
                              const fr_keepalive *keepalive, const struct fr_capture_env *env)
{
    *out = NULL;
    struct fr_capture_env own = *env;
    fr_capture_params settled = *params;
    fr_status status = settle_params(&settled);
    fr_capture *capture = status < 0 ? NULL : calloc(1, sizeof(*capture));
    if (!capture) {
        fr_capture_env_finish(&own);
        return status < 0 ? status : FR_ERR_NO_MEMORY;
    }
    init(capture, &settled, &own);
    status = start(capture);
    if (status != FR_OK) {
        fr_capture_close(&capture);
        return status;
    }
    /* The first frame may be all that its source left. */
    capture->state = capture->connected ? FR_CAPTURE_RUNNING : FR_CAPTURE_REBUILDING;
    capture->no_frame_since_ns = fr_capture_now(capture);
    if (keepalive)
        capture->keepalive = *keepalive;
    *out = capture;
    return FR_OK;
}
