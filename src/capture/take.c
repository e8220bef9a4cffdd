/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

static void poison(fr_capture *capture, enum fr_claim why)
{
    capture->ring.poisoned = true;
    capture->rebuild_due = true;
    const uint64_t now = fr_capture_now(capture);
    /* A ring that never gave a frame is not made anew at full speed. */
    capture->rebuild_not_before_ns = capture->ring.had_frame ? 0 : now + FR_CAPTURE_REBUILD_RETRY_NS;
    /* While the source is gone nothing can recover: what comes next is a new attach. */
    if (!capture->recover_until_ns && capture->connected)
        capture->recover_until_ns = now + capture->params.timing.recovery_ns;
    fr_capture_begin_flip(capture, FR_FLIP_DEVICE, now);
    capture->state = FR_CAPTURE_REBUILDING;
    fr_log_write(&capture->log, FR_LOG_WARNING, "%s; the ring is made anew",
                 why == FR_CLAIM_ABANDONED
                     ? "the owner of a slot died while it held it, its pixels are not used"
                     : "the device of the ring was lost");
}

/* Within what ST 2086 can say: a peer's nonsense would otherwise reach the stream. */
static bool metadata_fits(const fr_wire_metadata *line)
{
    const uint16_t one = 50000;                 /* 1.0, the end of the chromaticity diagram */
    const uint32_t brightest = 10000u * 10000u; /* where PQ ends */
    return (line->valid & FR_WIRE_META_HDR) && line->max_luminance > line->min_luminance &&
           line->max_luminance <= brightest && line->red[0] <= one && line->red[1] <= one &&
           line->green[0] <= one && line->green[1] <= one && line->blue[0] <= one && line->blue[1] <= one &&
           line->white[0] <= one && line->white[1] <= one;
}

static void read_metadata(fr_capture *capture)
{
    fr_wire_metadata line;
    if (!fr_ring_host_metadata(&capture->ring.words, &capture->ring.metadata_seen, &line))
        return;
    capture->metadata = line;
    capture->has_metadata = metadata_fits(&line);
}

static uint16_t whole_nits(uint32_t millinits)
{
    const uint32_t nits = (millinits + 500) / 1000;
    return nits < UINT16_MAX ? (uint16_t)nits : UINT16_MAX;
}

static fr_hdr_metadata generic_metadata(const fr_display_descriptor *display)
{
    const uint32_t units_per_millinit = 10; /* of 0.0001 cd/m2 */
    const uint32_t brightest_millinits = 10000000;
    fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    const uint32_t peak = display->max_luminance_millinits;
    if (!peak || peak > brightest_millinits ||
        display->min_luminance_tenthmillinits >= peak * units_per_millinit)
        return hdr;
    hdr.max_luminance = peak * units_per_millinit;
    if (display->min_luminance_tenthmillinits)
        hdr.min_luminance = display->min_luminance_tenthmillinits;
    hdr.max_cll = whole_nits(peak);
    const uint32_t full =
        display->max_full_frame_millinits ? display->max_full_frame_millinits : hdr.max_fall * 1000u;
    hdr.max_fall = whole_nits(full < peak ? full : peak);
    return hdr;
}

/* What the source supplied, else the generic baseline with the luminances that the display is known to
 * have. */
static fr_hdr_metadata hdr_metadata(const fr_capture *capture)
{
    if (!capture->has_metadata)
        return generic_metadata(&capture->follow.display);
    const fr_wire_metadata *line = &capture->metadata;
    return (fr_hdr_metadata){
        .red = {line->red[0], line->red[1]},
        .green = {line->green[0], line->green[1]},
        .blue = {line->blue[0], line->blue[1]},
        .white = {line->white[0], line->white[1]},
        .max_luminance = line->max_luminance,
        .min_luminance = line->min_luminance,
        .max_cll = line->max_cll,
        .max_fall = line->max_fall,
    };
}

static void point_at(fr_frame *frame, struct fr_surface *surface)
{
    frame->surface = surface;
    for (int i = 0; i < 2; i++) {
        frame->plane[i] = surface->picture.plane[i];
        frame->pitch_bytes[i] = surface->picture.pitch_bytes[i];
    }
}

/* The peer's times are only believed as far as they make sense: never later than now. */
static void set_times(fr_frame *frame, const struct fr_ring_record *record, uint64_t taken_ns)
{
    const bool known =
        record->clock_id == FR_WIRE_CLOCK_MONOTONIC && record->present_ns && record->present_ns <= taken_ns;
    frame->present_ns = known ? record->present_ns : taken_ns;
    const uint64_t published = frame->present_ns + (uint64_t)record->publish_delay_us * 1000;
    frame->published_ns = known && published <= taken_ns ? published : taken_ns;
    frame->taken_ns = taken_ns;
}

static fr_frame describe(const fr_capture *capture, const struct fr_ring_record *record,
                         struct fr_surface *surface, uint64_t taken_ns)
{
    const struct fr_out_ring *out = capture->out;
    fr_frame frame = {
        .width = out->width,
        .height = out->height,
        .format = out->format,
        .colour = fr_colour_of(out->format),
        .has_hdr = out->format == FR_FORMAT_P010,
        .discontinuity = !capture->ring.had_frame,
        .generation = record->token.generation,
        .sequence = record->token.sequence,
    };
    if (frame.has_hdr)
        frame.hdr = hdr_metadata(capture);
    set_times(&frame, record, taken_ns);
    point_at(&frame, surface);
    return frame;
}

static void account(fr_capture *capture, fr_frame *frame, fr_token token)
{
    capture->superseded += fr_ring_host_taken(&capture->ring.words, token);
    frame->converted_ns = fr_capture_now(capture);
    capture->ring.had_frame = true;
    capture->fresh++;
    capture->looked += capture->seen_looking;
    capture->seen_looking = false;
    capture->idle = 0;
    fr_pace_frame(&capture->pace, frame->published_ns);
    capture->has_last = true;
    capture->last = *frame;
    if (!capture->connected || capture->rebuild_due)
        return; /* the last frames of a ring that is on its way out prove nothing */
    capture->recover_until_ns = 0;
    capture->state = FR_CAPTURE_RUNNING;
    fr_capture_finish_flip(capture, frame->converted_ns);
}

static fr_status convert(fr_capture *capture, const struct fr_ring_record *record, struct fr_surface *surface)
{
    const struct fr_generation *ring = &capture->ring;
    const struct fr_backend_host *backend = ring->backend;
    fr_damage_add(&capture->damage, record->has_damage ? &record->damage : NULL);
    struct fr_parts parts;
    const bool has_rest =
        fr_damage_parts(&capture->damage, surface->holds, capture->out->width, capture->out->height, &parts);
    surface->holds = 0;
    const fr_status status =
        backend->ops->convert(backend->self, capture->converter, ring->slots, record->token.slot,
                              has_rest ? &parts : NULL, &surface->picture);
    if (status < 0)
        return status;
    surface->holds = capture->damage.newest;
    const uint64_t whole = (uint64_t)capture->out->width * capture->out->height;
    capture->taken_pixels += whole;
    capture->converted_pixels += has_rest ? fr_parts_area(&parts) : whole;
    return FR_OK;
}

/* The slot is claimed: convert, and give it back on every path. FR_AGAIN: the frame may not be used. */
static fr_status convert_claimed(fr_capture *capture, fr_token token, struct fr_surface *surface,
                                 fr_frame *frame)
{
    struct fr_generation *ring = &capture->ring;
    const struct fr_backend_host *backend = ring->backend;
    const uint64_t taken_ns = fr_capture_now(capture);
    struct fr_ring_record record;
    const bool ours = fr_ring_host_record(&ring->words, token, &record);
    fr_status status = FR_AGAIN;
    if (ours) {
        read_metadata(capture);
        status = convert(capture, &record, surface);
    }
    const enum fr_claim released = backend->ops->release(backend->self, ring->slots, &ring->words, token);
    if (status < 0 || released != FR_CLAIM_ACQUIRED) {
        poison(capture, status < 0 ? FR_CLAIM_FATAL : released);
        return FR_AGAIN;
    }
    if (!ours)
        return FR_AGAIN;
    *frame = describe(capture, &record, surface, taken_ns);
    account(capture, frame, token);
    return FR_OK;
}

static bool ready_to_take(const fr_capture *capture)
{
    return !capture->ring.poisoned && capture->converter && capture->out &&
           fr_out_ring_held(capture->out) < capture->params.depth;
}

fr_status fr_capture_take(fr_capture *capture, uint64_t lock_wait_ns, fr_frame *out)
{
    struct fr_generation *ring = &capture->ring;
    const struct fr_backend_host *backend = ring->backend;
    fr_token token;
    if (!ring->present || !fr_ring_host_newest(&ring->words, &token) || !ready_to_take(capture))
        return FR_AGAIN;
    uint64_t now = fr_capture_now(capture);
    const uint64_t until = now + lock_wait_ns;
    for (uint32_t tries = 0; tries <= ring->shape.ring_len; tries++, now = fr_capture_now(capture)) {
        if (tries > 0 && !fr_ring_host_newest(&ring->words, &token))
            return FR_AGAIN;
        struct fr_surface *surface =
            fr_out_ring_free_surface(capture->out, capture->has_last ? capture->last.surface : NULL);
        if (!surface)
            return FR_AGAIN;
        const enum fr_claim claim = backend->ops->claim(backend->self, ring->slots, &ring->words, token,
                                                        until > now ? until - now : 0);
        if (claim == FR_CLAIM_BUSY)
            continue;
        if (claim != FR_CLAIM_ACQUIRED) {
            poison(capture, claim);
            return FR_AGAIN;
        }
        if (convert_claimed(capture, token, surface, out) == FR_OK) {
            fr_surface_ref(surface);
            return FR_OK;
        }
        if (ring->poisoned)
            return FR_AGAIN;
    }
    return FR_AGAIN;
}

fr_status fr_capture_repeat(fr_capture *capture, fr_frame *out)
{
    if (!capture->has_last)
        return FR_AGAIN;
    const struct fr_backend_host *backend = capture->backend;
    struct fr_surface *surface = capture->last.surface;
    if (!backend->ops->concurrent_read && fr_surface_held(surface)) {
        if (fr_out_ring_held(capture->out) >= capture->params.depth)
            return FR_AGAIN;
        struct fr_surface *other = fr_out_ring_free_surface(capture->out, surface);
        if (!other || backend->ops->picture_copy(backend->self, &surface->picture, &other->picture) < 0)
            return FR_AGAIN;
        other->holds = surface->holds;
        point_at(&capture->last, other);
        surface = other;
    }
    *out = capture->last;
    out->repeat = true;
    out->discontinuity = false;
    fr_surface_ref(surface);
    capture->repeats++;
    if (capture->ring.present)
        capture->ring.words.repeated++;
    return FR_REPEAT;
}
