/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/publish.h"

#include "common/log.h"
#include "os/atomic.h"

#include <stdlib.h>
#include <string.h>

/* The most news that one poll handles, so that a chatty host cannot keep a source from its frames. */
#define NEWS_PER_POLL 16

static uint64_t now_ns(const fr_source *source)
{
    return source->env.os.ops->now_ns(source->env.os.self);
}

static bool display_fits(const fr_display_descriptor *display)
{
    const bool none = !display->mode.width && !display->mode.height;
    const bool sized = display->mode.width >= 1 && display->mode.width <= FR_SIZE_MAX &&
                       display->mode.height >= 1 && display->mode.height <= FR_SIZE_MAX;
    return (none || sized) && (unsigned)display->colour_state <= FR_COLOUR_STATE_HDR;
}

static void fill_metadata(fr_source *source, const fr_hdr_metadata *hdr)
{
    fr_wire_metadata *line = &source->metadata;
    *line = (fr_wire_metadata){0};
    if (source->display.sdr_white_millinits) {
        line->valid |= FR_WIRE_META_SDR_WHITE;
        line->sdr_white_millinits = source->display.sdr_white_millinits;
    }
    if (!hdr)
        return;
    line->valid |= FR_WIRE_META_HDR;
    memcpy(line->red, hdr->red, sizeof(line->red));
    memcpy(line->green, hdr->green, sizeof(line->green));
    memcpy(line->blue, hdr->blue, sizeof(line->blue));
    memcpy(line->white, hdr->white, sizeof(line->white));
    line->max_luminance = hdr->max_luminance;
    line->min_luminance = hdr->min_luminance;
    line->max_cll = hdr->max_cll;
    line->max_fall = hdr->max_fall;
}

void fr_source_env_finish(struct fr_source_env *env)
{
    if (env->channel.ops)
        env->channel.ops->destroy(env->channel.self);
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++)
        if (env->backend[i].ops)
            env->backend[i].ops->destroy(env->backend[i].self);
}

uint64_t fr_source_capabilities(const struct fr_source_env *env)
{
    uint64_t capabilities = 0;
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++)
        if (env->backend[i].ops)
            capabilities |= env->backend[i].capabilities;
    return capabilities;
}

struct fr_gpu fr_source_gpu(const struct fr_source_env *env)
{
    struct fr_gpu gpu = {0};
    for (size_t i = 0; i < FR_SOURCE_BACKENDS && !gpu.present; i++) {
        const struct fr_backend_source *backend = &env->backend[i];
        if (backend->ops && backend->ops->gpu)
            backend->ops->gpu(backend->self, &gpu);
    }
    return gpu;
}

fr_status fr_source_open_env(fr_source **out, const fr_source_params *params, const struct fr_source_env *env)
{
    *out = NULL;
    struct fr_source_env own = *env;
    fr_source *source = NULL;
    fr_status status = FR_ERR_ARGUMENT;
    if (!display_fits(&params->display)) {
        fr_log_write(&params->log, FR_LOG_ERROR,
                     "a display of %ux%u cannot be announced: 1 to %u pixels each way",
                     params->display.mode.width, params->display.mode.height, FR_SIZE_MAX);
        goto fail;
    }
    status = FR_ERR_NO_MEMORY;
    source = calloc(1, sizeof(*source));
    if (!source)
        goto fail;
    source->env = own;
    if (!own.acquire_wait_ns)
        source->env.acquire_wait_ns = FR_SOURCE_ACQUIRE_NS;
    if (own.acquire_wait_ns == FR_SOURCE_NO_WAIT)
        source->env.acquire_wait_ns = 0;
    source->params = *params;
    source->display = params->display;
    source->total.target_id = params->target_id;
    fill_metadata(source, params->has_hdr ? &params->hdr : NULL);
    status = own.channel.ops->announce(own.channel.self, &source->display);
    if (status < 0)
        goto fail;
    *out = source;
    return FR_OK;
fail:
    free(source);
    fr_source_env_finish(&own);
    return status;
}

void fr_source_close(fr_source **source_)
{
    if (!source_ || !*source_)
        return;
    fr_source *source = *source_;
    *source_ = NULL;
    fr_source_detach(source);
    fr_attachment_finish(source, &source->previous);
    fr_source_env_finish(&source->env);
    free(source);
}

/* Whichever call found it; the caller has a device to make. */
static bool is_lost(const fr_source *source)
{
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++) {
        const struct fr_backend_source *backend = &source->env.backend[i];
        if (backend->ops && backend->ops->is_lost && backend->ops->is_lost(backend->self))
            return true;
    }
    return false;
}

/* FR_AGAIN: nothing to say to the caller. */
static fr_status handle(fr_source *source, const struct fr_source_news *news)
{
    switch (news->kind) {
    case FR_SOURCE_NEWS_CONNECTED:
        source->total.host_pid = news->host_pid;
        source->total.target_id = news->target_id;
        return FR_AGAIN;
    case FR_SOURCE_NEWS_RING:
        (void)fr_source_attach_ring(source, &news->delivery);
        /* A ring that cannot be opened was reported to the host: its turn. */
        return is_lost(source) ? FR_ERR_DEVICE_LOST : FR_AGAIN;
    case FR_SOURCE_NEWS_HDR:
        if (source->params.hdr_requested)
            source->params.hdr_requested(source->params.user, news->hdr_on);
        return FR_AGAIN;
    case FR_SOURCE_NEWS_GONE:
        fr_source_detach(source);
        source->total.host_pid = 0;
        return news->final ? FR_END : FR_AGAIN;
    case FR_SOURCE_NEWS_REFUSED: return news->reason < 0 ? news->reason : FR_ERR_REFUSED;
    case FR_SOURCE_NEWS_NONE: break;
    }
    return FR_AGAIN;
}

bool fr_source_usable(const fr_source *source)
{
    return source->current.present && !fr_ring_source_stale(&source->current.ring);
}

/* Waits for one piece of news, beating the heart meanwhile. */
static fr_status wait_news(fr_source *source, uint64_t until_ns, struct fr_source_news *news)
{
    const struct fr_source_channel *channel = &source->env.channel;
    for (;;) {
        const uint64_t now = now_ns(source);
        if (source->current.present)
            fr_ring_source_beat(&source->current.ring, now);
        const uint64_t left = until_ns > now ? until_ns - now : 0;
        const fr_status status =
            channel->ops->poll(channel->self, left < FR_SOURCE_BEAT_NS ? left : FR_SOURCE_BEAT_NS, news);
        if (status != FR_AGAIN || left <= FR_SOURCE_BEAT_NS)
            return status;
    }
}

fr_status fr_source_poll(fr_source *source, uint64_t timeout_ns)
{
    if (source->current.present && source->current.ring.writing >= 0)
        return FR_ERR_ARGUMENT;
    if (is_lost(source))
        return FR_ERR_DEVICE_LOST;
    const uint64_t start = now_ns(source);
    const uint64_t until = timeout_ns < UINT64_MAX - start ? start + timeout_ns : UINT64_MAX;
    for (int i = 0; i < NEWS_PER_POLL; i++) {
        struct fr_source_news news = {0};
        fr_status status = wait_news(source, i == 0 ? until : 0, &news);
        if (status == FR_AGAIN)
            break;
        if (status == FR_OK)
            status = handle(source, &news);
        if (status != FR_AGAIN)
            return status;
    }
    if (!fr_source_usable(source))
        return FR_AGAIN;
    const bool wants_frame = source->wants_frame;
    source->wants_frame = false;
    return wants_frame ? FR_REATTACHED : FR_OK;
}

int fr_source_fd(const fr_source *source)
{
    return source->env.channel.ops->fd(source->env.channel.self);
}

fr_status fr_source_announce(fr_source *source, const fr_display_descriptor *display)
{
    if (!display_fits(display))
        return FR_ERR_ARGUMENT;
    const bool new_white = display->sdr_white_millinits != source->display.sdr_white_millinits;
    source->display = *display;
    if (new_white) {
        source->metadata.sdr_white_millinits = display->sdr_white_millinits;
        source->metadata.valid = (source->metadata.valid & ~(uint32_t)FR_WIRE_META_SDR_WHITE) |
                                 (display->sdr_white_millinits ? FR_WIRE_META_SDR_WHITE : 0u);
        if (source->current.present)
            fr_ring_source_set_metadata(&source->current.ring, &source->metadata);
    }
    return source->env.channel.ops->announce(source->env.channel.self, display);
}

fr_status fr_source_set_hdr_metadata(fr_source *source, const fr_hdr_metadata *hdr)
{
    fill_metadata(source, hdr);
    if (source->current.present)
        fr_ring_source_set_metadata(&source->current.ring, &source->metadata);
    return FR_OK;
}

/* Claims a slot in the ring and in the backend: its index, or -1. Only the first one is waited for; a ring of
 * version 1 has no states that say which slots the host reads: there none is. */
static int begin_slot(fr_source *source, bool ahead)
{
    struct fr_attachment *current = &source->current;
    const struct fr_backend_source *backend = current->backend;
    uint64_t wait_ns = current->ring.wire_version == 1 ? 0 : source->env.acquire_wait_ns;
    int index = ahead ? fr_ring_source_begin_ahead(&current->ring) : fr_ring_source_begin(&current->ring);
    while (index >= 0) {
        const uint64_t retire_value = fr_ring_source_retire_value(&current->ring);
        const enum fr_claim claim =
            backend->ops->begin(backend->self, current->slots, (uint32_t)index, retire_value, wait_ns);
        if (claim == FR_CLAIM_ACQUIRED) {
            current->begun = true;
            return index;
        }
        wait_ns = 0;
        index = fr_ring_source_begin_other(&current->ring);
    }
    return -1;
}

bool fr_source_takes_frames(fr_source *source)
{
    if (fr_source_usable(source))
        return true;
    source->outdated = true;
    return false;
}

static fr_status begin(fr_source *source, fr_slot *out, bool ahead)
{
    *out = (fr_slot){.memory_fd = -1};
    if (ahead ? !fr_source_usable(source) : !fr_source_takes_frames(source))
        return FR_AGAIN;
    struct fr_attachment *current = &source->current;
    if (current->ring.writing >= 0)
        return FR_ERR_ARGUMENT;
    const int index = begin_slot(source, ahead);
    source->outdated = source->outdated || (index < 0 && !ahead);
    if (index < 0)
        return FR_AGAIN;
    *out = (fr_slot){
        .width = current->shape.width,
        .height = current->shape.height,
        .format = current->shape.format,
        .generation = current->ring.generation,
        .sequence = current->ring.sequence + 1,
        .memory_fd = -1,
    };
    current->backend->ops->slot(current->backend->self, current->slots, (uint32_t)index, out);
    return FR_OK;
}

fr_status fr_source_begin(fr_source *source, fr_slot *out)
{
    return begin(source, out, false);
}

fr_status fr_source_begin_ahead(fr_source *source, fr_slot *out)
{
    return begin(source, out, true);
}

/* Ends what begin_slot began in the backend; `ready_value` NULL: gives it up. False: the frame may not be
 * published. */
static bool end_slot(struct fr_attachment *attachment, uint64_t *ready_value)
{
    if (ready_value)
        *ready_value = 0;
    if (!attachment->begun)
        return true;
    attachment->begun = false;
    return attachment->backend->ops->end(attachment->backend->self, attachment->slots,
                                         (uint32_t)attachment->ring.writing,
                                         ready_value) == FR_CLAIM_ACQUIRED;
}

void fr_attachment_cancel(struct fr_attachment *attachment)
{
    (void)end_slot(attachment, NULL);
    fr_ring_source_cancel(&attachment->ring);
}

/* False: what differs is not known. */
static bool gather_damage(const fr_publish_info *info, const struct fr_ring_shape *shape,
                          struct fr_parts *out)
{
    *out = (struct fr_parts){0};
    for (uint32_t i = 0; info->damage && i < info->num_damage; i++) {
        if (!fr_rect_fits(&info->damage[i], shape->width, shape->height))
            return false;
        fr_parts_add(out, info->damage[i]);
    }
    return info->damage != NULL;
}

static uint32_t delay_us(uint64_t from_ns, uint64_t to_ns)
{
    const uint64_t us = to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static bool publish_current(fr_source *source, uint64_t now, uint64_t present_ns,
                            const struct fr_parts *damage, uint64_t ready_value)
{
    struct fr_attachment *current = &source->current;
    const struct fr_os *os = &source->env.os;
    const struct fr_ring_publish out = {
        .ready_value = ready_value,
        .present_ns = present_ns,
        .publish_delay_us = delay_us(present_ns, now),
        .damage = damage,
    };
    if (!fr_ring_source_publish(&current->ring, &out))
        return false;
    if (fr_ring_source_must_signal(&current->ring))
        os->ops->event_signal(os->self, &current->event);
    source->last_present_ns = present_ns;
    fr_ring_source_beat(&current->ring, now);
    return true;
}

fr_status fr_source_publish(fr_source *source, const fr_publish_info *info)
{
    struct fr_attachment *current = &source->current;
    if (!current->present || current->ring.writing < 0)
        return FR_ERR_ARGUMENT;
    fr_ring_source_has_frame(&current->ring);
    /* What changed is against a frame that the host never got, if one was lost: see fr_source_push_vulkan. */
    const bool lost = source->outdated;
    source->outdated = true; /* unless it gets through */
    /* Also for a ring that nobody reads any more: what the program submitted is under way. */
    uint64_t ready_value;
    const bool ended = end_slot(current, &ready_value);
    if (fr_ring_source_stale(&current->ring)) {
        fr_ring_source_cancel(&current->ring);
        return FR_AGAIN;
    }
    if (!ended) {
        fr_log_write(&source->params.log, FR_LOG_WARNING,
                     "a slot could not be released after it was written, its frame is not published");
        fr_ring_source_cancel(&current->ring);
        return FR_AGAIN;
    }
    const uint64_t now = now_ns(source);
    const uint64_t present_ns = info && info->present_ns ? info->present_ns : now;
    struct fr_parts damage;
    const bool damaged = info && !lost && gather_damage(info, &current->shape, &damage);
    if (!publish_current(source, now, present_ns, damaged ? &damage : NULL, ready_value)) {
        fr_log_write(&source->params.log, FR_LOG_WARNING,
                     "a slot changed hands while it was written; the host breaks the protocol, detaching");
        fr_source_detach(source);
        return FR_AGAIN;
    }
    source->outdated = false;
    fr_attachment_finish(source, &source->previous);
    return FR_OK;
}

void fr_source_cancel(fr_source *source)
{
    if (source->current.present)
        fr_attachment_cancel(&source->current);
}

bool fr_source_republish(fr_source *source)
{
    const struct fr_attachment *from = &source->previous;
    struct fr_attachment *to = &source->current;
    if (!from->present || from->backend != to->backend || from->ring.newest_slot < 0 ||
        from->shape.width != to->shape.width || from->shape.height != to->shape.height ||
        from->shape.format != to->shape.format)
        return false;
    const int index = begin_slot(source, false);
    if (index < 0)
        return false;
    const bool copied = to->backend->ops->copy(to->backend->self, from->slots,
                                               (uint32_t)from->ring.newest_slot, to->slots, (uint32_t)index);
    uint64_t ready_value;
    if (!end_slot(to, &ready_value) || !copied) {
        fr_ring_source_cancel(&to->ring);
        return false;
    }
    if (!publish_current(source, now_ns(source), source->last_present_ns, NULL, ready_value))
        return false;
    fr_attachment_finish(source, &source->previous);
    return true;
}

bool fr_source_fits(fr_source *source, uint32_t width, uint32_t height, fr_format format)
{
    const struct fr_ring_shape *shape = &source->current.shape;
    if (width == shape->width && height == shape->height && format == shape->format) {
        source->mismatching = false;
        return true;
    }
    source->outdated = true;
    fr_ring_source_mismatch(&source->current.ring);
    if (!source->mismatching)
        fr_log_write(&source->params.log, FR_LOG_WARNING,
                     "frames of %ux%u %s do not fit the ring of %ux%u %s and are dropped", width, height,
                     fr_format_name(format), shape->width, shape->height, fr_format_name(shape->format));
    source->mismatching = true;
    return false;
}

fr_status fr_source_push(fr_source *source, const fr_image *image, const fr_publish_info *info)
{
    if (!image || !image->pixels)
        return FR_ERR_ARGUMENT;
    if (!fr_source_takes_frames(source))
        return FR_AGAIN;
    if (!fr_source_fits(source, image->width, image->height, image->format))
        return FR_AGAIN;
    fr_slot slot;
    const fr_status status = fr_source_begin(source, &slot);
    if (status != FR_OK)
        return status;
    const fr_status written = fr_slot_write(&slot, image, NULL, 0);
    if (written < 0) {
        fr_source_cancel(source);
        return written;
    }
    return fr_source_publish(source, info);
}

static fr_wire_debug *debug_block(const fr_source *source)
{
    fr_wire_debug *own = source->env.channel.ops->debug(source->env.channel.self);
    return own ? own : source->current.ring.debug;
}

void fr_source_note_loop(fr_source *source, uint32_t entries)
{
    source->loop_entries = entries;
    fr_wire_debug *debug = debug_block(source);
    if (debug)
        fr_store_relaxed_u32(&debug->run_core_entries, entries);
}

void fr_source_get_info(const fr_source *source, fr_source_info *out)
{
    *out = source->total;
    const struct fr_attachment *current = &source->current;
    out->attached = current->present;
    if (!current->present)
        return;
    out->generation = current->ring.generation;
    out->width = current->shape.width;
    out->height = current->shape.height;
    out->format = current->shape.format;
    out->untaken = fr_ring_source_untaken(&current->ring);
    out->offered += current->ring.line.offered;
    out->published += current->ring.line.published;
    out->dropped += current->ring.line.dropped;
    out->mismatched += current->ring.line.mismatched;
}
