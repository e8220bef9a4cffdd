/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "common/log.h"

/* All that is built before anything is changed. */
struct preparation {
    const struct fr_backend_host *backend;
    uint32_t number;
    uint32_t device_serial;
    bool new_device; /* pictures and converter of before belong to another */
    struct fr_generation ring;
    struct fr_out_ring *out; /* NULL: the present one fits */
    void *converter;         /* NULL: likewise */
    fr_convert_params converter_params;
};

static void generation_finish(fr_capture *capture, struct fr_generation *ring)
{
    const struct fr_os *os = &capture->env.os;
    if (ring->waiter)
        os->ops->waiter_destroy(os->self, &ring->waiter);
    if (ring->slots)
        ring->backend->ops->ring_destroy(ring->backend->self, ring->slots);
    if (capture->env.channel.wire_version > 1) {
        os->ops->memory_close(os->self, &ring->header);
        os->ops->event_close(os->self, &ring->event);
    }
    *ring = (struct fr_generation){.header.handle = FR_HANDLE_NONE, .event.handle = FR_HANDLE_NONE};
}

const char *fr_slots_kind_name(enum fr_slots_kind slots_kind)
{
    switch (slots_kind) {
    case FR_SLOTS_MEMORY: return "memory";
    case FR_SLOTS_D3D11: return "d3d11 textures";
    case FR_SLOTS_OPAQUE_FD: return "opaque fd";
    case FR_SLOTS_DMA_BUF: return "dma-buf";
    }
    return "";
}

const char *fr_sync_kind_name(uint32_t sync_kind)
{
    switch (sync_kind) {
    case FR_WIRE_SYNC_STATES: return "states";
    case FR_WIRE_SYNC_KEYED_MUTEX: return "keyed mutex";
    case FR_WIRE_SYNC_FENCE: return "fence";
    case FR_WIRE_SYNC_FILE: return "sync file";
    default: return "";
    }
}

const char *fr_ring_path_name(enum fr_ring_path path)
{
    switch (path) {
    case FR_RING_PATH_DIRECT: return "direct";
    case FR_RING_PATH_IMPORT: return "import";
    case FR_RING_PATH_UPLOAD: return "upload";
    }
    return "";
}

static const char *memory_way(enum fr_ring_path path, bool read_back)
{
    switch (path) {
    case FR_RING_PATH_DIRECT: return read_back ? "shared memory, read back by the source" : "shared memory";
    case FR_RING_PATH_IMPORT:
        return read_back ? "shared memory that the GPU reads, read back by the source"
                         : "shared memory that the GPU reads";
    case FR_RING_PATH_UPLOAD:
        return read_back ? "shared memory that is uploaded to the GPU, read back by the source"
                         : "shared memory that is uploaded to the GPU";
    }
    return "";
}

const char *fr_generation_way(const struct fr_generation *ring)
{
    const uint32_t sync_kind = ring->delivery.sync_kind;
    const bool fence = sync_kind == FR_WIRE_SYNC_FENCE;
    if (!ring->present)
        return "";
    switch (ring->delivery.slots_kind) {
    case FR_SLOTS_MEMORY: return memory_way(ring->path, ring->read_back);
    case FR_SLOTS_D3D11:
        return fence ? "shared textures, kept in step by fences" : "shared textures, one side at a time";
    case FR_SLOTS_OPAQUE_FD:
        return fence ? "shared images (opaque fd), kept in step by semaphores" : "shared images (opaque fd)";
    case FR_SLOTS_DMA_BUF:
        if (sync_kind == FR_WIRE_SYNC_FILE)
            return "shared images (dma-buf), kept in step by fences";
        return fence ? "shared images (dma-buf), kept in step by semaphores" : "shared images (dma-buf)";
    }
    return "";
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
        capture->backend->ops->converter_destroy(capture->backend->self, capture->converter);
    capture->converter = NULL;
    fr_damage_forget(&capture->damage);
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
        .threads = capture->params.convert_threads,
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
    const struct fr_backend_host *backend = prep->backend;
    const fr_convert_params *params = &prep->converter_params;
    const struct fr_out_ring *out = capture->out;
    prep->device_serial = backend->ops->device_serial(backend->self);
    prep->new_device = backend != capture->backend || prep->device_serial != capture->device_serial;
    if (!out || prep->new_device || out->width != params->width || out->height != params->height ||
        out->format != params->to) {
        const fr_status status = fr_out_ring_create(&prep->out, backend, capture->params.out_surfaces,
                                                    params->width, params->height, params->to);
        if (status < 0)
            return status;
    }
    if (capture->converter && !prep->new_device && same_converter(params, &capture->converter_params))
        return FR_OK;
    return backend->ops->converter_create(backend->self, params, &prep->converter);
}

static fr_status prepare_header(fr_capture *capture, struct preparation *prep)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_host_channel *channel = &capture->env.channel;
    struct fr_generation *ring = &prep->ring;
    if (channel->wire_version == 1) {
        channel->ops->fixed(channel->self, &ring->header, &ring->event);
        return FR_OK;
    }
    const struct fr_object_name plain = {.label = "framering-header"};
    const struct fr_object_name *name =
        channel->ops->object_name(channel->self, FR_OBJECT_HEADER, prep->number, 0);
    const fr_status status = os->ops->memory_create(os->self, name ? name : &plain, sizeof(fr_wire_whole),
                                                    FR_ACCESS_READ | FR_ACCESS_WRITE, &ring->header);
    if (status < 0)
        return status;
    name = channel->ops->object_name(channel->self, FR_OBJECT_EVENT, prep->number, 0);
    return os->ops->event_create(os->self, name, &ring->event);
}

static fr_status prepare(fr_capture *capture, struct preparation *prep)
{
    const struct fr_backend_host *backend = prep->backend;
    struct fr_generation *ring = &prep->ring;
    ring->backend = backend;
    const struct fr_ring_request request = {
        .shape = ring->shape,
        .wire_version = capture->env.channel.wire_version,
        .generation = prep->number,
        .capabilities = capture->source_capabilities,
        .gpu = capture->source_gpu,
        .naming = &capture->env.channel,
    };
    fr_status status = backend->ops->ring_create(backend->self, &request, &ring->slots);
    if (status < 0)
        return status;
    status = prepare_header(capture, prep);
    if (status < 0)
        return status;
    ring->delivery = fr_delivery_none();
    ring->delivery.wire_version = request.wire_version;
    ring->delivery.generation = prep->number;
    ring->delivery.ring_len = ring->shape.ring_len;
    ring->delivery.width = ring->shape.width;
    ring->delivery.height = ring->shape.height;
    ring->delivery.format = ring->shape.format;
    ring->delivery.header_bytes = ring->header.bytes;
    ring->delivery.header = ring->header.handle;
    ring->delivery.event = ring->event.handle;
    backend->ops->ring_describe(backend->self, ring->slots, &ring->delivery);
    if (backend->ops->ring_path)
        ring->path = backend->ops->ring_path(backend->self, ring->slots);
    ring->read_back = ring->delivery.slots_kind == FR_SLOTS_MEMORY && capture->source_on_gpu;
    return prepare_pictures(capture, prep);
}

static void make_words(fr_capture *capture, uint32_t number)
{
    struct fr_generation *ring = &capture->ring;
    if (capture->env.channel.wire_version == 1)
        fr_ring_host_create_v1(&ring->words, ring->header.ptr, &ring->shape, number,
                               capture->params.target_id);
    else
        fr_ring_host_create(&ring->words, ring->header.ptr, ring->header.bytes, &ring->shape, number,
                            capture->params.target_id, ring->delivery.sync_kind, capture->env.pid);
}

/* Counts what the ring in force leaves, and tells its source. */
static void retire(fr_capture *capture, uint32_t next_generation)
{
    struct fr_generation *ring = &capture->ring;
    struct fr_ring_totals totals;
    fr_ring_host_totals(&ring->words, &totals);
    capture->past.offered += totals.offered;
    capture->past.published += totals.published;
    capture->past.mismatched += totals.mismatched;
    fr_token untaken;
    if (fr_ring_host_newest(&ring->words, &untaken))
        capture->superseded += untaken.sequence - ring->words.last_sequence;
    fr_ring_host_retire(&capture->ring.words, next_generation);
}

static void commit(fr_capture *capture, struct preparation *prep)
{
    struct fr_generation before = capture->ring;
    if (before.present)
        retire(capture, prep->number);
    capture->ring = prep->ring;
    capture->ring.present = true;
    make_words(capture, prep->number);
    /* Only now: until the new generation stands, a source of version 1 may be at work in the old slots. */
    if (before.present)
        generation_finish(capture, &before);
    fr_capture_make_waiter(capture);
    capture->last_generation = prep->number;
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
    capture->backend = prep->backend;
    capture->device_serial = prep->device_serial;
    fr_damage_forget(&capture->damage);
}

static void log_generation(const fr_capture *capture)
{
    const struct fr_ring_shape *shape = &capture->ring.shape;
    const fr_mode *preferred = &capture->params.preferred;
    fr_log_write(&capture->log, FR_LOG_INFO,
                 "generation %u: %u slots of %ux%u %s (%s) in %s; the %s backend makes %s of them",
                 capture->last_generation, shape->ring_len, shape->width, shape->height,
                 fr_format_name(shape->format), fr_colour_state_name(capture->follow.display.colour_state),
                 fr_generation_way(&capture->ring), capture->ring.backend->ops->name,
                 fr_format_name(capture->out->format));
    if (preferred->width && (preferred->width != shape->width || preferred->height != shape->height) &&
        capture->generations == 1)
        fr_log_write(&capture->log, FR_LOG_INFO, "%ux%u was asked for, the display's own size is used",
                     preferred->width, preferred->height);
}

static fr_status begin_with(fr_capture *capture, const struct fr_backend_host *backend)
{
    const fr_display_descriptor *display = &capture->follow.display;
    struct preparation prep = {
        .backend = backend,
        .number = fr_generation_next(capture->last_generation),
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
    return capture->env.channel.ops->deliver(capture->env.channel.self, &capture->ring.delivery);
}

/* A driver may refuse with any code: what never worked here is not waited for, and memory that ran short only
 * once. */
static bool is_hopeless(fr_capture *capture, const struct fr_backend_host *backend, fr_status status)
{
    const bool never_worked = capture->backend != backend;
    const bool starved = status == FR_ERR_NO_MEMORY && capture->starved;
    capture->starved = status == FR_ERR_NO_MEMORY;
    switch (status) {
    case FR_ERR_UNSUPPORTED: return true;
    case FR_ERR_SYSTEM: return never_worked;
    case FR_ERR_NO_MEMORY: return never_worked || starved;
    default: return false;
    }
}

fr_status fr_generation_begin(fr_capture *capture)
{
    const struct fr_backend_host *backend = fr_capture_choose_backend(capture);
    if (!backend) {
        fr_log_write(&capture->log, FR_LOG_WARNING,
                     "source %s can open none of the rings that this host makes (%s); use backend auto",
                     capture->source_name, capture->env.backend.ops->name);
        return FR_ERR_UNSUPPORTED;
    }
    fr_status status = begin_with(capture, backend);
    if (is_hopeless(capture, backend, status) && backend == &capture->env.backend &&
        fr_capture_fall_back(capture, "this machine cannot make the ring's textures for this source"))
        status = begin_with(capture, fr_capture_choose_backend(capture));
    return status;
}

void fr_generation_end(fr_capture *capture, uint32_t next_generation)
{
    if (!capture->ring.present)
        return;
    retire(capture, next_generation);
    generation_finish(capture, &capture->ring);
}
