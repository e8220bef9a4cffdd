/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

#include <string.h>

/* The most news that one call handles, so that a chatty source cannot keep the host from its frames. */
#define NEWS_PER_SERVE 16

uint64_t fr_capture_now(const fr_capture *capture)
{
    return capture->env.os.ops->now_ns(capture->env.os.self);
}

bool fr_capture_is_cancelled(const fr_capture *capture)
{
    return capture->params.cancelled && capture->params.cancelled(capture->params.user);
}

/* Recover or drop: the time counts from the first change that no fresh frame has followed yet. */
static void start_recovery(fr_capture *capture, uint64_t now_ns)
{
    if (!capture->recover_until_ns)
        capture->recover_until_ns = now_ns + capture->params.timing.recovery_ns;
}

/* A new generation is due, and until it has a fresh frame the clock of recover-or-drop runs. */
static void want_generation(fr_capture *capture, uint32_t kind, uint64_t at_ns)
{
    capture->rebuild_due = true;
    capture->rebuild_not_before_ns = 0;
    if (capture->state == FR_CAPTURE_ATTACHING)
        return;
    fr_capture_begin_flip(capture, kind, at_ns);
    capture->state = FR_CAPTURE_REBUILDING;
    if (kind & (FR_FLIP_HDR | FR_FLIP_SIZE))
        start_recovery(capture, fr_capture_now(capture));
}

static uint32_t flip_kind(const fr_display_descriptor *from, const fr_display_descriptor *to)
{
    const bool size = from->mode.width != to->mode.width || from->mode.height != to->mode.height;
    const bool colour = from->colour_state != to->colour_state || from->format != to->format;
    return (size ? FR_FLIP_SIZE : 0u) | (colour ? FR_FLIP_HDR : 0u);
}

static bool hdr_is_on(const fr_capture *capture)
{
    return capture->follow.display.colour_state == FR_COLOUR_STATE_HDR;
}

/* White or peak moved: the tone map changes, the ring does not. */
static void retune_converter(fr_capture *capture)
{
    const fr_display_descriptor *display = &capture->follow.display;
    fr_convert_params *params = &capture->converter_params;
    if (!capture->converter || params->from != FR_FORMAT_RGBA16F || params->to != FR_FORMAT_NV12 ||
        (params->peak_millinits == display->max_luminance_millinits &&
         params->sdr_white_millinits == display->sdr_white_millinits))
        return;
    fr_convert_params changed = *params;
    changed.peak_millinits = display->max_luminance_millinits;
    changed.sdr_white_millinits = display->sdr_white_millinits;
    void *converter = NULL;
    if (capture->backend->ops->converter_create(capture->backend->self, &changed, &converter) < 0)
        return; /* the old tone map goes on; the next report tries again */
    fr_capture_drop_converter(capture);
    capture->converter = converter;
    *params = changed;
}

static void hear_display(fr_capture *capture, const fr_display_descriptor *report, bool pushed,
                         uint64_t at_ns)
{
    const fr_display_descriptor before = capture->follow.display;
    if (!fr_follow_report(&capture->follow, report, pushed)) {
        retune_converter(capture);
        return;
    }
    if (capture->settle_until_ns && hdr_is_on(capture))
        capture->settle_until_ns = 0;
    const fr_display_descriptor *now = &capture->follow.display;
    fr_log_write(&capture->log, FR_LOG_INFO, "the display is %ux%u %s now", now->mode.width, now->mode.height,
                 fr_colour_state_name(now->colour_state));
    if (capture->connected)
        want_generation(capture, flip_kind(&before, now), at_ns);
    else if (capture->state == FR_CAPTURE_REBUILDING)
        fr_capture_begin_flip(capture, flip_kind(&before, now), at_ns); /* the ring waits for a source */
}

/* A 10-bit client turns HDR on; the ring waits until the display says so, or the settle time is over. */
static void ask_for_hdr(fr_capture *capture)
{
    if (!capture->params.want_10bit || hdr_is_on(capture))
        return;
    if (fr_capture_request_hdr(capture, true) == FR_OK)
        capture->settle_until_ns = fr_capture_now(capture) + capture->params.timing.hdr_settle_ns;
}

static void source_came(fr_capture *capture, const struct fr_host_news *news)
{
    capture->connected = true;
    capture->gone_reason = FR_OK;
    capture->source_capabilities = news->capabilities ? news->capabilities : FR_CAP_STATES;
    capture->source_gpu = news->gpu;
    capture->source_on_gpu = news->on_gpu;
    capture->rebound = capture->use_fallback = false;
    capture->source_pid = news->pid;
    memcpy(capture->source_name, news->name, sizeof(capture->source_name));
    capture->source_name[sizeof(capture->source_name) - 1] = 0;
    capture->watch =
        (struct fr_liveness_watch){.liveness = FR_LIVENESS_IDLE, .window_ns = fr_capture_now(capture)};
    fr_log_write(&capture->log, FR_LOG_INFO, "source %s (pid %u) connected", capture->source_name,
                 capture->source_pid);

    const fr_display_descriptor before = capture->follow.display;
    if (news->has_display && !capture->env.feed.ops)
        (void)fr_follow_report(&capture->follow, &news->display, true);
    uint32_t kind = FR_FLIP_SOURCE;
    if (capture->generations)
        kind |= flip_kind(&before, &capture->follow.display);
    want_generation(capture, kind, news->at_ns);
    ask_for_hdr(capture);
}

static void source_went(fr_capture *capture, const struct fr_host_news *news)
{
    const bool was_connected = capture->connected;
    capture->connected = false;
    capture->source_pid = 0;
    capture->gone_reason = news->reason < 0 ? news->reason : FR_END;
    capture->rebuild_due = false;
    capture->settle_until_ns = 0;
    capture->recover_until_ns = 0; /* what comes next is a new attach, whenever it comes */
    if (capture->state == FR_CAPTURE_ATTACHING || !was_connected)
        return; /* one that was invited and never came changes nothing */
    fr_capture_begin_flip(capture, FR_FLIP_SOURCE, news->at_ns);
    capture->state = FR_CAPTURE_REBUILDING;
    fr_log_write(&capture->log, news->reason == FR_END ? FR_LOG_INFO : FR_LOG_WARNING,
                 "source %s %s; the last frame is repeated until a source comes back", capture->source_name,
                 news->reason == FR_END            ? "finished"
                 : news->reason == FR_ERR_PROTOCOL ? "broke the protocol and was disconnected"
                                                   : "went away without a goodbye");
}

static void hear(fr_capture *capture, const struct fr_host_news *news)
{
    switch (news->kind) {
    case FR_HOST_NEWS_SOURCE: source_came(capture, news); break;
    case FR_HOST_NEWS_DISPLAY:
        if (news->has_display && !capture->env.feed.ops)
            hear_display(capture, &news->display, true, news->at_ns);
        break;
    case FR_HOST_NEWS_GONE: source_went(capture, news); break;
    case FR_HOST_NEWS_REFUSED: capture->refused_reason = news->reason; break;
    case FR_HOST_NEWS_NONE: break;
    }
}

static void hear_all(fr_capture *capture)
{
    const struct fr_host_channel *channel = &capture->env.channel;
    struct fr_host_news news;
    for (int i = 0; i < NEWS_PER_SERVE && channel->ops->poll(channel->self, &news) == FR_OK; i++)
        hear(capture, &news);
    const struct fr_display_feed *feed = &capture->env.feed;
    fr_display_descriptor sample;
    if (feed->ops && feed->ops->poll(feed->self, &sample) == FR_OK)
        hear_display(capture, &sample, !capture->generations, fr_capture_now(capture));
}

/* FR_ERR_NO_MODE ends a session that has no ring yet; later the last known mode stays. */
static fr_status rebuild(fr_capture *capture, uint64_t now)
{
    if (!capture->rebuild_due || !capture->connected || now < capture->rebuild_not_before_ns ||
        now < capture->settle_until_ns)
        return FR_OK;
    capture->settle_until_ns = 0;
    if (!capture->follow.display.mode.width) {
        fr_log_write(&capture->log, FR_LOG_ERROR,
                     "neither the display nor the caller named a size: give a preferred mode");
        return FR_ERR_NO_MODE;
    }
    const fr_status status = fr_generation_begin(capture);
    if (status >= 0) {
        capture->rebuild_due = false;
        if (!capture->has_last && capture->state == FR_CAPTURE_REBUILDING)
            start_recovery(capture, now);
        return FR_OK;
    }
    const bool first = capture->state == FR_CAPTURE_ATTACHING;
    fr_log_write(&capture->log, first ? FR_LOG_ERROR : FR_LOG_WARNING,
                 "a ring of %u slots of %ux%u cannot be made: %s%s", capture->params.ring_len,
                 capture->follow.display.mode.width, capture->follow.display.mode.height,
                 fr_status_text(status),
                 status == FR_ERR_NO_MEMORY ? "; free some, or raise the limits (ulimit -n, -v and -f)" : "");
    capture->rebuild_not_before_ns = now + FR_CAPTURE_REBUILD_RETRY_NS;
    return first ? status : FR_OK;
}

static fr_status fail(fr_capture *capture, fr_status status)
{
    capture->state = FR_CAPTURE_FAILED;
    capture->failure = status;
    return status;
}

static fr_status check_deadlines(fr_capture *capture, uint64_t now)
{
    if (capture->state == FR_CAPTURE_ATTACHING)
        return FR_OK;
    char text[600];
    if (capture->recover_until_ns && now >= capture->recover_until_ns) {
        fr_capture_describe_source(capture, text, sizeof(text));
        fr_log_write(&capture->log, FR_LOG_ERROR,
                     "no fresh frame came within %.1f s after the display changed, the session ends so that "
                     "the client can reconnect (%s)",
                     (double)capture->params.timing.recovery_ns / 1e9, text);
        return fail(capture, FR_ERR_NOT_RECOVERED);
    }
    if (!capture->has_last && now - capture->no_frame_since_ns >= capture->params.timing.first_frame_ns) {
        fr_capture_describe_source(capture, text, sizeof(text));
        fr_log_write(&capture->log, FR_LOG_ERROR, "not one frame came within %.1f s (%s)",
                     (double)capture->params.timing.first_frame_ns / 1e9, text);
        return fail(capture, FR_ERR_NO_FRAME);
    }
    return FR_OK;
}

fr_status fr_capture_serve(fr_capture *capture)
{
    if (capture->state == FR_CAPTURE_FAILED)
        return capture->failure;
    hear_all(capture);
    const uint64_t now = fr_capture_now(capture);
    if (capture->connected && fr_capture_adapt(capture))
        want_generation(capture, FR_FLIP_DEVICE, now);
    const fr_status status = rebuild(capture, now);
    if (status < 0)
        return fail(capture, status);
    if (capture->ring.present) {
        fr_capture_log_source_status(capture);
        fr_ring_host_beat(&capture->ring.words, now);
        fr_capture_watch_source(capture, now);
    }
    return FR_OK;
}

/* One turn without waiting: a fresh frame, FR_AGAIN, or the end. The frame comes before the deadline that it
 * meets. */
static fr_status turn(fr_capture *capture, uint64_t lock_wait_ns, fr_frame *out)
{
    fr_status status = fr_capture_serve(capture);
    if (status < 0)
        return status;
    status = fr_capture_take(capture, lock_wait_ns, out);
    return status == FR_AGAIN && check_deadlines(capture, fr_capture_now(capture)) < 0 ? capture->failure
                                                                                       : status;
}

fr_status fr_capture_try_latest(fr_capture *capture, fr_frame *out)
{
    *out = (fr_frame){0};
    return turn(capture, 0, out);
}

/* When the slice ends. Those of an idle target are up to an eighth shorter until they end at multiples of a
 * slice: captures then wake together, and a processor that many of them share goes to sleep and back once for
 * all of these. */
static uint64_t end_of_slice(const fr_capture *capture)
{
    const uint64_t slice_ns = capture->params.timing.event_slice_ns;
    const uint64_t until = fr_capture_now(capture) + slice_ns;
    if (!capture->idle || slice_ns < FR_NS_PER_MS)
        return until;
    const uint64_t early_ns = until % slice_ns, step_ns = slice_ns / 8;
    return until - (early_ns < step_ns ? early_ns : step_ns);
}

static fr_status repeat(fr_capture *capture, fr_frame *out)
{
    capture->idle++;
    return fr_capture_repeat(capture, out);
}

fr_status fr_capture_next(fr_capture *capture, fr_frame *out)
{
    *out = (fr_frame){0};
    const uint64_t until = end_of_slice(capture);
    uint32_t wakes = 0;
    for (;;) {
        if (fr_capture_is_cancelled(capture))
            return FR_CANCELLED;
        const fr_status status = turn(capture, FR_CAPTURE_LOCK_WAIT_NS, out);
        if (status != FR_AGAIN)
            return status;
        const uint64_t now = fr_capture_now(capture);
        if (now >= until)
            return repeat(capture, out);
        const bool woken = fr_capture_wait(capture, until - now, &wakes);
        /* The frame that ended the sleep comes before all else: news were heard before it, and are again. */
        if (fr_capture_take(capture, FR_CAPTURE_LOCK_WAIT_NS, out) == FR_OK)
            return FR_OK;
        if (!woken && !fr_capture_is_cancelled(capture) && fr_capture_now(capture) >= until)
            return check_deadlines(capture, fr_capture_now(capture)) < 0 ? capture->failure
                                                                         : repeat(capture, out);
    }
}

fr_status fr_capture_request_hdr(fr_capture *capture, bool on)
{
    if (capture->env.feed.ops)
        return capture->env.feed.ops->request_hdr(capture->env.feed.self, on);
    return capture->env.channel.ops->request_hdr(capture->env.channel.self, on);
}

fr_status fr_capture_invite(fr_capture *capture, int *socket_fd)
{
    return capture->env.channel.ops->invite(capture->env.channel.self, socket_fd);
}
