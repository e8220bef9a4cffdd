/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"
#include "os/atomic.h"

#include <stdio.h>

/* Word by word: sources write there whenever they like. */
static void copy_debug(fr_wire_debug *out, const fr_wire_debug *shared)
{
    out->run_core_entries = fr_load_relaxed_u32(&shared->run_core_entries);
    out->resolved_target_id = fr_load_relaxed_u32(&shared->resolved_target_id);
    out->header_open_attempts = fr_load_relaxed_u32(&shared->header_open_attempts);
    out->last_open_error = fr_load_relaxed_u32(&shared->last_open_error);
    out->header_opened = fr_load_relaxed_u32(&shared->header_opened);
    out->frames_acquired = fr_load_relaxed_u32(&shared->frames_acquired);
}

void fr_capture_describe_source(const fr_capture *capture, char *text, size_t bytes)
{
    if (!capture->ring.present) {
        snprintf(text, bytes, "%s",
                 capture->connected ? "a source is connected, it has no ring" : "no source is connected");
        return;
    }
    uint32_t detail;
    const uint32_t status = fr_ring_host_source_status(&capture->ring.words, &detail);
    fr_wire_v2 header; /* version 1: the tail is zero */
    (void)fr_wire_snapshot(&header, capture->ring.header.ptr, capture->ring.header.bytes, 0);
    const struct fr_host_channel *channel = &capture->env.channel;
    const fr_wire_debug *outside = channel->ops->debug ? channel->ops->debug(channel->self) : NULL;
    if (outside)
        copy_debug(&header.debug, outside);
    snprintf(text, bytes,
             "source %s %s, status %u, detail %u, adapter %08x:%08x, offered %llu, published %llu, "
             "mismatched %llu; debug: "
             "run_core_entries %u, resolved_target_id %u, header_open_attempts %u, last_open_error %u, "
             "header_opened %u, frames_acquired %u",
             capture->source_name, capture->connected ? "connected" : "gone", status, detail,
             (unsigned)header.v1.adapter_luid_high, header.v1.adapter_luid_low,
             (unsigned long long)header.source.offered, (unsigned long long)header.source.published,
             (unsigned long long)header.source.mismatched, header.debug.run_core_entries,
             header.debug.resolved_target_id, header.debug.header_open_attempts, header.debug.last_open_error,
             header.debug.header_opened, header.debug.frames_acquired);
}

static fr_status fail_attach(const fr_capture *capture, fr_status status, const char *what)
{
    char text[600];
    fr_capture_describe_source(capture, text, sizeof(text));
    fr_log_write(&capture->log, FR_LOG_ERROR, "target %u: %s (%s)", capture->params.target_id, what, text);
    return status;
}

/* The wait is over: why. */
static fr_status name_the_cause(const fr_capture *capture)
{
    if (!capture->connected && capture->gone_reason == FR_ERR_PROTOCOL)
        return fail_attach(capture, FR_ERR_PROTOCOL, "the source broke the protocol before its first frame");
    if (!capture->connected && capture->gone_reason)
        return fail_attach(capture, FR_ERR_SOURCE_DIED, "the source went away before its first frame");
    if (!capture->connected && capture->refused_reason == FR_ERR_VERSION)
        return fail_attach(capture, FR_ERR_VERSION,
                           "the only source that came speaks another protocol version");
    if (!capture->connected)
        return fail_attach(capture, FR_ERR_NEVER_ATTACHED, "no source connected; start one for this target");
    uint32_t detail;
    if (!capture->ring.present ||
        fr_ring_host_source_status(&capture->ring.words, &detail) != FR_WIRE_STATUS_OPENED)
        return fail_attach(capture, FR_ERR_NEVER_ATTACHED, "a source connected but never opened the ring");
    struct fr_ring_totals totals;
    fr_ring_host_totals(&capture->ring.words, &totals);
    if (totals.offered == 0)
        return fail_attach(capture, FR_ERR_NOTHING_OFFERED, "the source attached but offered no frame");
    if (totals.mismatched == totals.offered)
        return fail_attach(capture, FR_ERR_ALL_MISMATCHED,
                           "every frame that the source offered had another size or format than the ring");
    return fail_attach(capture, FR_ERR_NOTHING_OFFERED, "the source attached but published no frame");
}

/* Nothing else is left to try: fr_capture_adapt has seen the status before. */
static fr_status refuse_device(const fr_capture *capture)
{
    uint32_t luid_low, detail;
    int32_t luid_high;
    const struct fr_delivery *ours = &capture->ring.delivery;
    const bool known = ours->adapter_luid_low || ours->adapter_luid_high;
    if (known && fr_ring_host_source_adapter(&capture->ring.words, &luid_low, &luid_high) &&
        (luid_low != ours->adapter_luid_low || luid_high != ours->adapter_luid_high))
        return fail_attach(capture, FR_ERR_ADAPTER_MISMATCH,
                           "the source renders on another adapter than the ring's, and they cannot share");
    if (fr_ring_host_source_status(&capture->ring.words, &detail) == FR_WIRE_STATUS_NO_DEVICE)
        return fail_attach(capture, FR_ERR_SOURCE_FAILED, "the source's graphics device cannot share");
    return fail_attach(capture, FR_ERR_SOURCE_FAILED, "the source could not open the ring's slots");
}

/* FR_AGAIN: go on waiting. */
static fr_status look(fr_capture *capture)
{
    const fr_status status = fr_capture_serve(capture);
    if (status < 0)
        return status;
    fr_token token;
    uint32_t detail;
    if (capture->ring.present && fr_ring_host_newest(&capture->ring.words, &token) &&
        fr_ring_host_source_status(&capture->ring.words, &detail) == FR_WIRE_STATUS_OPENED)
        return FR_OK;
    if (capture->gone_reason && !capture->connected && capture->params.start_source)
        return name_the_cause(capture); /* the one source that will ever come */
    if (!capture->ring.present)
        return FR_AGAIN;
    switch (fr_ring_host_source_status(&capture->ring.words, &detail)) {
    case FR_WIRE_STATUS_NONE:
    case FR_WIRE_STATUS_OPENED: return FR_AGAIN;
    case FR_WIRE_STATUS_TEXTURE_FAILED:
    case FR_WIRE_STATUS_NO_DEVICE: return refuse_device(capture);
    case FR_WIRE_STATUS_WRONG_TARGET:
        return fail_attach(capture, FR_ERR_SOURCE_FAILED, "the source serves another target");
    default:
        return fail_attach(capture, FR_ERR_SOURCE_FAILED, "the source reported a status that is not known");
    }
}

fr_status fr_capture_attach(fr_capture *capture)
{
    const uint64_t start = fr_capture_now(capture);
    const uint64_t wait_ns = capture->params.timing.attach_wait_ns;
    const uint64_t until = wait_ns < UINT64_MAX - start ? start + wait_ns : UINT64_MAX;
    uint32_t wakes = 0;
    for (;;) {
        if (fr_capture_is_cancelled(capture))
            return FR_CANCELLED;
        const fr_status status = look(capture);
        if (status != FR_AGAIN)
            return status;
        const uint64_t now = fr_capture_now(capture);
        if (now >= until)
            return name_the_cause(capture);
        (void)fr_capture_wait(capture, until - now, &wakes);
    }
}
