/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/publish.h"

#include "common/log.h"
#include "os/atomic.h"

void fr_attachment_finish(fr_source *source, struct fr_attachment *attachment)
{
    if (!attachment->present)
        return;
    const struct fr_os *os = &source->env.os;
    attachment->backend->ops->detach(attachment->backend->self, attachment->slots);
    os->ops->memory_close(os->self, &attachment->header);
    os->ops->event_close(os->self, &attachment->event);
    *attachment = (struct fr_attachment){0};
}

void fr_source_detach(fr_source *source)
{
    struct fr_attachment *current = &source->current;
    if (!current->present)
        return;
    fr_attachment_cancel(current);
    source->total.offered += current->ring.line.offered;
    source->total.published += current->ring.line.published;
    source->total.dropped += current->ring.line.dropped;
    source->total.mismatched += current->ring.line.mismatched;
    if (current->ring.newest_slot >= 0) {
        fr_attachment_finish(source, &source->previous);
        source->previous = *current;
        *current = (struct fr_attachment){0};
    } else {
        fr_attachment_finish(source, current);
    }
}

/* Our counts begin at fr_source_open, those of a ring with its generation. What the ring counted before us is
 * taken off here, modulo 2^64, and comes back with its line. */
static void forget_resumed(fr_source *source)
{
    const fr_wire_source *line = &source->current.ring.line;
    source->total.offered -= line->offered;
    source->total.published -= line->published;
    source->total.dropped -= line->dropped;
    source->total.mismatched -= line->mismatched;
}

static void close_delivery(const struct fr_os *os, const struct fr_delivery *delivery)
{
    os->ops->handle_close(os->self, delivery->header);
    os->ops->handle_close(os->self, delivery->slots);
    os->ops->handle_close(os->self, delivery->event);
    os->ops->handle_close(os->self, delivery->ready_fence);
    os->ops->handle_close(os->self, delivery->retire_fence);
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        os->ops->handle_close(os->self, delivery->texture[i]);
}

/* The debug block is best effort: an observer reads it when nothing else tells why a source never
 * attached. A channel that has one of its own writes it itself. */
static void note_debug(const fr_source *source, const struct fr_delivery *delivery, void *header,
                       uint32_t error)
{
    if (delivery->wire_version < 2 || source->env.channel.ops->debug(source->env.channel.self))
        return;
    fr_wire_v2 *shared = header;
    const uint32_t attempts = (uint32_t)source->total.attaches + 1;
    fr_store_relaxed_u32(&shared->debug.run_core_entries,
                         source->loop_entries ? source->loop_entries : attempts);
    fr_store_relaxed_u32(&shared->debug.resolved_target_id, source->total.target_id);
    fr_store_relaxed_u32(&shared->debug.header_open_attempts, attempts);
    fr_store_relaxed_u32(&shared->debug.last_open_error, error);
    fr_store_relaxed_u32(&shared->debug.header_opened, error == 0);
    fr_store_relaxed_u32(&shared->debug.luid_low, fr_load_relaxed_u32(&shared->v1.adapter_luid_low));
    fr_store_relaxed_u32((uint32_t *)(void *)&shared->debug.luid_high,
                         fr_load_relaxed_u32((const uint32_t *)(const void *)&shared->v1.adapter_luid_high));
}

static bool header_agrees(const fr_wire_v1 *v1, const struct fr_delivery *delivery)
{
    return v1->version == delivery->wire_version && v1->generation == delivery->generation &&
           v1->ring_len == delivery->ring_len && (v1->version == 1 || v1->ring_len >= FR_RING_LEN_MIN) &&
           v1->width == delivery->width && v1->height == delivery->height &&
           v1->format == (uint32_t)delivery->format;
}

/* FR_OK: `header` is a checked copy that agrees with the delivery. */
static fr_status check_header(fr_source *source, const struct fr_delivery *delivery,
                              const struct fr_memory *memory, fr_wire_v2 *header)
{
    const fr_log *log = &source->params.log;
    const fr_wire_fault fault = fr_wire_snapshot(header, memory->ptr, memory->bytes, source->total.target_id);
    if (fault == FR_WIRE_CHANGED || (header->v1.generation != delivery->generation && fault == FR_WIRE_FINE))
        return FR_AGAIN;
    if (fault == FR_WIRE_BAD_GENERATION && header->v1.generation == 0)
        return FR_AGAIN; /* the host ended meanwhile; its hang-up is on the way */
    if (fault == FR_WIRE_BAD_TARGET) {
        fr_ring_source_report(memory->ptr, FR_WIRE_STATUS_WRONG_TARGET, header->v1.target_id);
        fr_log_write(log, FR_LOG_WARNING, "the host delivered the ring of target %u to a source of target %u",
                     header->v1.target_id, source->total.target_id);
        return FR_ERR_PROTOCOL;
    }
    if (fault != FR_WIRE_FINE) {
        fr_log_write(log, FR_LOG_WARNING, "the host delivered a ring that cannot be used: %s",
                     fr_wire_fault_text(fault));
        return FR_ERR_PROTOCOL;
    }
    if (!header_agrees(&header->v1, delivery)) {
        fr_log_write(log, FR_LOG_WARNING,
                     "the host delivered a ring whose header disagrees with its message");
        return FR_ERR_PROTOCOL;
    }
    return FR_OK;
}

static const struct fr_backend_source *backend_for(const fr_source *source,
                                                   const struct fr_delivery *delivery)
{
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++) {
        const struct fr_backend_source *backend = &source->env.backend[i];
        if (backend->ops && fr_caps_suffice(backend->capabilities, delivery->slots_kind, delivery->sync_kind))
            return backend;
    }
    return NULL;
}

/* Names the adapter, opens the slots, and reports what went wrong with that. */
static fr_status open_slots(fr_source *source, const struct fr_delivery *delivery, fr_wire_v1 *shared,
                            struct fr_attachment *out)
{
    const struct fr_backend_source *backend = backend_for(source, delivery);
    struct fr_attach_fault fault = {.status = FR_WIRE_STATUS_TEXTURE_FAILED};
    fr_status status = FR_ERR_UNSUPPORTED;
    if (backend) {
        uint32_t luid_low = 0;
        int32_t luid_high = 0;
        backend->ops->adapter(backend->self, &luid_low, &luid_high);
        fr_ring_source_adapter(shared, luid_low, luid_high);
        status = backend->ops->attach(backend->self, delivery, &out->slots, &fault);
    }
    if (status >= 0) {
        out->backend = backend;
        return FR_OK;
    }
    fr_ring_source_report(shared, fault.status, fault.detail ? fault.detail : (uint32_t)-status);
    fr_log_write(&source->params.log, FR_LOG_WARNING,
                 "the ring's slots (%u of %ux%u %s) could not be opened: %s (detail 0x%08x)",
                 delivery->ring_len, delivery->width, delivery->height, fr_format_name(delivery->format),
                 fr_status_text(status), fault.detail);
    return status;
}

static fr_status map_header(fr_source *source, const struct fr_delivery *delivery, struct fr_memory *header)
{
    const struct fr_os *os = &source->env.os;
    const size_t least = delivery->wire_version == 1 ? FR_WIRE_V1_BYTES : FR_WIRE_V2_BYTES;
    const fr_status status = delivery->header_bytes < least
                                 ? FR_ERR_PROTOCOL
                                 : os->ops->memory_map(os->self, delivery->header, delivery->header_bytes,
                                                       FR_ACCESS_READ | FR_ACCESS_WRITE, header);
    if (status < 0)
        fr_log_write(&source->params.log, FR_LOG_WARNING, "the ring's header could not be mapped: %s",
                     fr_status_text(status));
    return status;
}

/* Fills *out, which owns everything on FR_OK; else nothing of the delivery is left open. */
static fr_status open_ring(fr_source *source, const struct fr_delivery *delivery, struct fr_attachment *out)
{
    const struct fr_os *os = &source->env.os;
    const struct fr_source_channel *channel = &source->env.channel;
    struct fr_delivery rest = *delivery;
    *out = (struct fr_attachment){.header.handle = FR_HANDLE_NONE};
    fr_wire_v2 copy;
    fr_status status = map_header(source, delivery, &out->header);
    if (status < 0) {
        close_delivery(os, &rest);
        return status;
    }
    rest.header = FR_HANDLE_NONE;
    status = check_header(source, delivery, &out->header, &copy);
    if (status == FR_OK)
        status = open_slots(source, delivery, out->header.ptr, out);
    note_debug(source, delivery, out->header.ptr, status < 0 ? (uint32_t)-status : 0);
    if (status != FR_OK) {
        os->ops->memory_close(os->self, &out->header);
        close_delivery(os, &rest);
        return status;
    }
    out->present = true;
    out->event.handle = delivery->event;
    out->shape =
        (struct fr_ring_shape){delivery->ring_len, delivery->width, delivery->height, delivery->format};
    fr_ring_source_attach(&out->ring, out->header.ptr, out->header.bytes, &copy, source->env.pid,
                          channel->ops->debug(channel->self));
    return FR_OK;
}

fr_status fr_source_attach_ring(fr_source *source, const struct fr_delivery *delivery)
{
    const struct fr_os *os = &source->env.os;
    struct fr_attachment attachment;
    const fr_status status = open_ring(source, delivery, &attachment);
    if (status != FR_OK)
        return status;
    fr_source_detach(source);
    source->current = attachment;
    source->total.attaches++;
    source->mismatching = false;
    forget_resumed(source);

    fr_ring_source_set_metadata(&source->current.ring, &source->metadata);
    fr_ring_source_beat(&source->current.ring, os->ops->now_ns(os->self));
    fr_ring_source_report(source->current.header.ptr, FR_WIRE_STATUS_OPENED, 0);
    os->ops->event_signal(os->self, &source->current.event);
    fr_log_write(&source->params.log, FR_LOG_DEBUG, "attached to generation %u: %u slots of %ux%u %s",
                 delivery->generation, delivery->ring_len, delivery->width, delivery->height,
                 fr_format_name(delivery->format));
    /* An older picture is better than none, but not enough. */
    source->wants_frame = !fr_source_republish(source) || source->outdated;
    return source->wants_frame ? FR_REATTACHED : FR_OK;
}
