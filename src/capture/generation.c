/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

/* All that is built before anything is changed. */
struct preparation {
    struct fr_generation ring;
    struct fr_out_ring *out; /* NULL: the present one fits */
    void *converter;         /* NULL: likewise */
    fr_convert_params converter_params;
};

static void generation_finish(fr_capture *capture, struct fr_generation *ring)
{
    const struct fr_os *os = &capture->env.os;
    if (ring->slots)
        capture->env.backend.ops->ring_destroy(capture->env.backend.self, ring->slots);
    os->ops->memory_close(os->self, &ring->header);
    os->ops->event_close(os->self, &ring->event);
    *ring = (struct fr_generation){.header.handle = FR_HANDLE_NONE, .event.handle = FR_HANDLE_NONE};
}

void fr_capture_forget_last(fr_capture *capture)
{
    if (capture->has_last)
        capture->no_frame_since_ns = fr_capture_now(capture);
    capture->has_last = false;
    capture->last = (fr_frame){0};
}

void fr_capture_drop_converter(fr_capture *capture)
{
    if (capture->converter)
        capture->env.backend.ops->converter_destroy(capture->env.backend.self, capture->converter);
    capture->converter = NULL;
}

static fr_convert_params converter_params(const fr_capture *capture, const struct fr_ring_shape *shape)
{
    const fr_display_descriptor *display = &capture->follow.display;
    return (fr_convert_params){
        .from = shape->format,
        .to = fr_follow_out_format(display, capture->params.sdr_output),
        .width = shape->width,
        .height = shape->height,
        .sdr_map = display->colour_state == FR_COLOUR_STATE_HDR ? FR_SDR_MAP_TONE : FR_SDR_MAP_CLIP,
        .peak_millinits = display->max_luminance_millinits,
        .sdr_white_millinits = display->sdr_white_millinits,
        .cpu_mask = capture->params.cpu_mask,
    };
}

static bool same_converter(const fr_convert_params *a, const fr_convert_params *b)
{
    return a->from == b->from && a->to == b->to && a->width == b->width && a->height == b->height &&
           a->sdr_map == b->sdr_map && a->peak_millinits == b->peak_millinits &&
           a->sdr_white_millinits == b->sdr_white_millinits;
}

static fr_status prepare_pictures(fr_capture *capture, struct preparation *prep)
{
    const struct fr_backend_host *backend = &capture->env.backend;
    const fr_convert_params *params = &prep->converter_params;
    const struct fr_out_ring *out = capture->out;
    if (!out || out->width != params->width || out->height != params->height || out->format != params->to) {
        const fr_status status = fr_out_ring_create(&prep->out, backend, capture->params.out_surfaces,
                                                    params->width, params->height, params->to);
        if (status < 0)
            return status;
    }
    if (capture->converter && same_converter(params, &capture->converter_params))
        return FR_OK;
    return backend->ops->converter_create(backend->self, params, &prep->converter);
}

static fr_status prepare(fr_capture *capture, struct preparation *prep)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_backend_host *backend = &capture->env.backend;
    struct fr_generation *ring = &prep->ring;
    fr_status status = backend->ops->ring_create(backend->self, &ring->shape, &ring->slots);
    if (status < 0)
        return status;
    status = os->ops->memory_create(os->self, "framering-header", sizeof(fr_wire_v2),
                                    FR_ACCESS_READ | FR_ACCESS_WRITE, &ring->header);
    if (status < 0)
        return status;
    status = os->ops->event_create(os->self, &ring->event);
    if (status < 0)
        return status;
    return prepare_pictures(capture, prep);
}

static void commit(fr_capture *capture, struct preparation *prep)
{
    const uint32_t number = fr_generation_next(capture->last_generation);
    fr_generation_end(capture, number);
    capture->ring = prep->ring;
    capture->ring.present = true;
    fr_ring_host_create(&capture->ring.words, capture->ring.header.ptr, &capture->ring.shape, number,
                        capture->params.target_id, capture->env.backend.ops->sync_kind, capture->env.pid);
    capture->last_generation = number;
    capture->generations++;
    capture->watch.at_start = (struct fr_ring_totals){0}; /* the new ring counts from nothing */
    if (prep->out) {
        fr_capture_forget_last(capture);
        fr_out_ring_drop(&capture->out);
        capture->out = prep->out;
    }
    if (prep->converter) {
        fr_capture_drop_converter(capture);
        capture->converter = prep->converter;
        capture->converter_params = prep->converter_params;
    }
}

static fr_status deliver(fr_capture *capture)
{
    const struct fr_generation *ring = &capture->ring;
    struct fr_delivery delivery = {
        .generation = ring->words.generation,
        .ring_len = ring->shape.ring_len,
        .width = ring->shape.width,
        .height = ring->shape.height,
        .format = ring->shape.format,
        .sync_kind = capture->env.backend.ops->sync_kind,
        .header_bytes = ring->header.bytes,
        .header = ring->header.handle,
        .event = ring->event.handle,
    };
    capture->env.backend.ops->ring_describe(capture->env.backend.self, ring->slots, &delivery);
    return capture->env.channel.ops->deliver(capture->env.channel.self, &delivery);
}

static void log_generation(const fr_capture *capture)
{
    const struct fr_ring_shape *shape = &capture->ring.shape;
    const fr_mode *preferred = &capture->params.preferred;
    fr_log_write(&capture->log, FR_LOG_INFO, "generation %u: %u slots of %ux%u %s (%s), pictures in %s",
                 capture->last_generation, shape->ring_len, shape->width, shape->height,
                 fr_format_name(shape->format), fr_colour_state_name(capture->follow.display.colour_state),
                 fr_format_name(capture->out->format));
    if (preferred->width && (preferred->width != shape->width || preferred->height != shape->height) &&
        capture->generations == 1)
        fr_log_write(&capture->log, FR_LOG_INFO, "%ux%u was asked for, the display's own size is used",
                     preferred->width, preferred->height);
}

fr_status fr_generation_begin(fr_capture *capture)
{
    const fr_display_descriptor *display = &capture->follow.display;
    struct preparation prep = {
        .ring =
            {
                .header.handle = FR_HANDLE_NONE,
                .event.handle = FR_HANDLE_NONE,
                .shape =
                    {
                        .ring_len = capture->params.ring_len,
                        .width = display->mode.width,
                        .height = display->mode.height,
                        .format = fr_follow_ring_format(display, capture->params.sdr_output),
                    },
            },
    };
    prep.converter_params = converter_params(capture, &prep.ring.shape);
    const fr_status status = prepare(capture, &prep);
    if (status < 0) {
        fr_out_ring_drop(&prep.out);
        generation_finish(capture, &prep.ring);
        return status;
    }
    commit(capture, &prep);
    log_generation(capture);
    return deliver(capture);
}

void fr_generation_end(fr_capture *capture, uint32_t next_generation)
{
    struct fr_generation *ring = &capture->ring;
    if (!ring->present)
        return;
    struct fr_ring_totals totals;
    fr_ring_host_totals(&ring->words, &totals);
    capture->past.offered += totals.offered;
    capture->past.published += totals.published;
    capture->past.mismatched += totals.mismatched;
    fr_token untaken;
    if (fr_ring_host_newest(&ring->words, &untaken))
        capture->superseded += untaken.sequence - ring->words.last_sequence;
    fr_ring_host_retire(&ring->words, next_generation);
    generation_finish(capture, ring);
}
