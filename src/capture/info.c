/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

#include <string.h>

const char *fr_capture_state_name(fr_capture_state state)
{
    switch (state) {
    case FR_CAPTURE_ATTACHING: return "attaching";
    case FR_CAPTURE_RUNNING: return "running";
    case FR_CAPTURE_REBUILDING: return "rebuilding";
    case FR_CAPTURE_FAILED: return "failed";
    }
    return "unknown";
}

const char *fr_liveness_name(fr_liveness liveness)
{
    switch (liveness) {
    case FR_LIVENESS_GONE: return "gone";
    case FR_LIVENESS_FLOWING: return "flowing";
    case FR_LIVENESS_IDLE: return "idle";
    case FR_LIVENESS_LOSSY: return "lossy";
    case FR_LIVENESS_STALLED: return "stalled";
    }
    return "unknown";
}

void fr_capture_log_source_status(fr_capture *capture)
{
    uint32_t detail;
    const uint32_t status = fr_ring_host_source_status(&capture->ring.words, &detail);
    if (capture->state == FR_CAPTURE_ATTACHING || !status || capture->ring.status_seen)
        return;
    capture->ring.status_seen = status;
    const uint32_t generation = capture->ring.words.generation;
    if (status == FR_WIRE_STATUS_OPENED)
        fr_log_write(&capture->log, FR_LOG_INFO, "source %s opened generation %u", capture->source_name,
                     generation);
    else
        fr_log_write(&capture->log, FR_LOG_WARNING,
                     "source %s could not open generation %u: status %u, detail %u", capture->source_name,
                     generation, status, detail);
}

static fr_liveness judge(const struct fr_ring_totals *from, const struct fr_ring_totals *to)
{
    if (to->published != from->published)
        return FR_LIVENESS_FLOWING;
    return to->offered != from->offered ? FR_LIVENESS_LOSSY : FR_LIVENESS_IDLE;
}

void fr_capture_watch_source(fr_capture *capture, uint64_t now_ns)
{
    struct fr_liveness_watch *watch = &capture->watch;
    if (!capture->connected)
        return;
    struct fr_ring_totals totals;
    fr_ring_host_totals(&capture->ring.words, &totals);
    if (totals.heartbeat_ns != watch->heartbeat_value || !watch->heartbeat_seen_ns) {
        watch->heartbeat_value = totals.heartbeat_ns;
        watch->heartbeat_seen_ns = now_ns;
        if (watch->liveness == FR_LIVENESS_STALLED) {
            fr_log_write(&capture->log, FR_LOG_INFO, "source %s answers again", capture->source_name);
            watch->liveness = FR_LIVENESS_IDLE;
        }
    }
    const bool has_heart = capture->ring.words.wire_version > 1;
    if (has_heart && now_ns - watch->heartbeat_seen_ns >= capture->params.timing.stalled_ns) {
        if (watch->liveness != FR_LIVENESS_STALLED)
            fr_log_write(&capture->log, FR_LOG_WARNING, "source %s (pid %u) does not answer; %s",
                         capture->source_name, capture->source_pid,
                         capture->state == FR_CAPTURE_ATTACHING ? "its first frame is waited for"
                                                                : "the last frame is repeated until it does");
        watch->liveness = FR_LIVENESS_STALLED;
        return;
    }
    if (now_ns - watch->window_ns < FR_CAPTURE_LIVENESS_NS)
        return;
    watch->liveness = judge(&watch->at_start, &totals);
    watch->at_start = totals;
    watch->window_ns = now_ns;
}

void fr_capture_begin_flip(fr_capture *capture, uint32_t kind, uint64_t at_ns)
{
    if (!capture->flip_pending)
        capture->flip = (fr_flip){.at_ns = at_ns};
    capture->flip_pending = true;
    capture->flip.kind |= kind;
}

void fr_capture_finish_flip(fr_capture *capture, uint64_t fresh_ns)
{
    if (!capture->flip_pending)
        return;
    capture->flip_pending = false;
    capture->flip.gap_ns = fresh_ns > capture->flip.at_ns ? fresh_ns - capture->flip.at_ns : 0;
    if (capture->flips_count == FR_CAPTURE_FLIPS_MAX) {
        capture->flips_first = (capture->flips_first + 1) % FR_CAPTURE_FLIPS_MAX;
        capture->flips_count--;
    }
    capture->flips[(capture->flips_first + capture->flips_count) % FR_CAPTURE_FLIPS_MAX] = capture->flip;
    capture->flips_count++;
}

fr_status fr_capture_next_flip(fr_capture *capture, fr_flip *out)
{
    *out = (fr_flip){0};
    if (!capture->flips_count)
        return FR_AGAIN;
    *out = capture->flips[capture->flips_first];
    capture->flips_first = (capture->flips_first + 1) % FR_CAPTURE_FLIPS_MAX;
    capture->flips_count--;
    return FR_OK;
}

void fr_capture_get_info(fr_capture *capture, fr_capture_info *out)
{
    const struct fr_generation *ring = &capture->ring;
    struct fr_ring_totals now = {0};
    if (ring->present)
        fr_ring_host_totals(&ring->words, &now);
    const uint64_t offered = capture->past.offered + now.offered;
    const uint64_t published = capture->past.published + now.published;
    const uint64_t mismatched = capture->past.mismatched + now.mismatched;
    /* The counters are the peer's: a difference that makes no sense counts as nothing. */
    const uint64_t slotless = offered > published + mismatched ? offered - published - mismatched : 0;
    *out = (fr_capture_info){
        .state = capture->state,
        .liveness = capture->connected ? capture->watch.liveness : FR_LIVENESS_GONE,
        .display = capture->follow.display,
        .target_id = capture->params.target_id,
        .generation = ring->present ? ring->words.generation : 0,
        .generations = capture->generations,
        .ring_format = ring->shape.format,
        .out_format = capture->out ? capture->out->format : FR_FORMAT_NONE,
        .fresh = capture->fresh,
        .repeats = capture->repeats,
        .looked = capture->looked,
        .looked_ns = capture->looked_ns,
        .taken_pixels = capture->taken_pixels,
        .converted_pixels = capture->converted_pixels,
        .dropped = capture->superseded + slotless,
        .mismatched = mismatched,
        .offered = offered,
        .published = published,
        .newest_present_ns = capture->has_last ? capture->last.present_ns : 0,
        .source_heartbeat_ns = capture->connected ? now.heartbeat_ns : 0,
        .source_pid = capture->source_pid,
        .backend = (capture->backend ? capture->backend : &capture->env.backend)->ops->name,
        .slots = ring->present ? fr_slots_kind_name(ring->delivery.slots_kind) : "",
        .sync = ring->present ? fr_sync_kind_name(ring->delivery.sync_kind) : "",
        .source_path = !ring->present    ? ""
                       : ring->read_back ? "read-back"
                                         : "direct",
        .host_path = ring->present ? fr_ring_path_name(ring->path) : "",
        .way = fr_generation_way(ring),
        .kernel = capture->converter
                      ? capture->backend->ops->converter_name(capture->backend->self, capture->converter)
                      : "",
    };
    memcpy(out->source_name, capture->source_name, sizeof(out->source_name));
}
