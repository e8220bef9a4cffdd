/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/sealed.h"

#include "channel/sealed_remote.h"
#include "common/log.h"
#include "os/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static_assert(offsetof(fr_win32_ring, adapter_luid_high) == 48, "layout");
static_assert(offsetof(fr_win32_ring, header_bytes) == 56, "layout");
static_assert(offsetof(fr_win32_ring, slot_offset) == 80, "layout");
static_assert(offsetof(fr_win32_ring, header) == 144, "layout");
static_assert(offsetof(fr_win32_ring, texture) == 168, "layout");
static_assert(offsetof(fr_win32_ring, ready_fence) == 232, "layout");
static_assert(sizeof(fr_win32_ring) == 248, "layout");

struct delivered_source {
    uint32_t target_id;
    uint64_t capabilities;
    fr_log log;
    struct fr_event wake;

    struct fr_mutex *lock; /* guards the rest; held for a few assignments */
    bool has_ring;
    struct fr_delivery ring; /* the newest that was not taken */
    uint32_t ring_host;      /* who sent it */
    bool connected, gone;
    uint32_t host_pid; /* of the last CONNECTED */
};

static void close_handles(const struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    fr_handle handle[FR_MSG_HANDLES_MAX];
    const size_t count = fr_msg_list_handles(delivery, handle, NULL);
    for (size_t i = 0; i < count; i++)
        os.ops->handle_close(os.self, handle[i]);
}

/* ---- the request ---- */

/* On Windows the way of claiming says it. */
static uint32_t slots_kind_of(const fr_win32_ring *ring)
{
    return ring->sync_kind == FR_WIRE_SYNC_STATES ? FR_SLOTS_MEMORY : FR_SLOTS_D3D11;
}

static const char *check_head(const struct delivered_source *source, const fr_win32_ring *ring, size_t bytes)
{
    if (bytes != sizeof(*ring) || ring->bytes != bytes)
        return "its size is another";
    if (ring->magic != FR_WIN32_RING_MAGIC)
        return "it is no request of framering";
    if (ring->version != FR_WIN32_RING_VERSION)
        return "its version is another";
    if (ring->target_id != source->target_id)
        return "it is for another target";
    if (!fr_caps_suffice(source->capabilities, slots_kind_of(ring), ring->sync_kind))
        return "it is of a kind that this source cannot open";
    return NULL;
}

/* Those that belong there are handles of ours, all different; the rest are zero. */
static const char *check_handles(const fr_win32_ring *ring, size_t count, const fr_handle *handle)
{
    const uint64_t all[] = {ring->header,      ring->event,      ring->slots,      ring->texture[0],
                            ring->texture[1],  ring->texture[2], ring->texture[3], ring->texture[4],
                            ring->texture[5],  ring->texture[6], ring->texture[7], ring->ready_fence,
                            ring->retire_fence};
    size_t given = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        given += all[i] != 0;
    if (given != count)
        return "it has the wrong number of handles";
    for (size_t i = 0; i < count; i++) {
        if (!fr_remote_is_handle((uint64_t)handle[i]))
            return "one of its handles is none of this process";
        for (size_t k = 0; k < i; k++)
            if (handle[k] == handle[i])
                return "it has the same handle twice";
    }
    return SetEvent((HANDLE)(uintptr_t)ring->event) ? NULL : "its event is not one";
}

/* The numbers are those of a RING, and are checked as one. */
static const char *check_ring(const fr_win32_ring *ring, struct fr_delivery *out)
{
    union fr_msg msg;
    const size_t bytes = fr_msg_init(&msg, FR_MSG_RING);
    struct fr_msg_ring *numbers = &msg.ring;
    numbers->generation = ring->generation;
    numbers->ring_len = ring->ring_len;
    numbers->width = ring->width;
    numbers->height = ring->height;
    numbers->format = ring->format;
    numbers->sync_kind = ring->sync_kind;
    numbers->slots_kind = slots_kind_of(ring);
    numbers->header_bytes = ring->header_bytes;
    numbers->slots_bytes = ring->slots_bytes;
    numbers->pitch_bytes = ring->pitch_bytes;
    memcpy(numbers->slot_offset, ring->slot_offset, sizeof(numbers->slot_offset));
    numbers->adapter_luid_low = ring->adapter_luid_low;
    numbers->adapter_luid_high = ring->adapter_luid_high;

    struct fr_delivery delivery = fr_msg_get_ring(numbers);
    delivery.header = (fr_handle)ring->header;
    delivery.event = (fr_handle)ring->event;
    delivery.slots = (fr_handle)ring->slots;
    delivery.ready_fence = (fr_handle)ring->ready_fence;
    delivery.retire_fence = (fr_handle)ring->retire_fence;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        delivery.texture[i] = (fr_handle)ring->texture[i];
    fr_handle handle[FR_MSG_HANDLES_MAX];
    const size_t count = fr_msg_list_handles(&delivery, handle, NULL);
    const char *fault = fr_msg_check(&msg, bytes, count, FR_MSG_ROLE_SOURCE);
    if (!fault)
        fault = check_handles(ring, count, handle);
    if (fault)
        return fault;
    *out = fr_msg_get_ring(numbers);
    fr_msg_take_handles(out, handle);
    return NULL;
}

static fr_status source_put(struct delivered_source *source, const void *bytes, size_t num_bytes)
{
    fr_win32_ring ring = {0};
    struct fr_delivery delivery, before = fr_delivery_none();
    memcpy(&ring, bytes, num_bytes < sizeof(ring) ? num_bytes : sizeof(ring));
    const char *fault = check_head(source, &ring, num_bytes);
    if (!fault)
        fault = check_ring(&ring, &delivery);
    if (fault) {
        fr_log_write(&source->log, FR_LOG_ERROR,
                     "the ring that was delivered to target %" PRIu32 " cannot be used: %s",
                     source->target_id, fault);
        return FR_ERR_PROTOCOL;
    }
    fr_mutex_lock(source->lock);
    const bool supersedes = source->has_ring;
    if (supersedes)
        before = source->ring;
    source->has_ring = true;
    source->ring = delivery;
    source->ring_host = ring.host_pid;
    fr_mutex_unlock(source->lock);
    if (supersedes)
        close_handles(&before);
    const struct fr_os os = fr_os_native();
    os.ops->event_signal(os.self, &source->wake);
    return FR_OK;
}

static void source_host_gone(struct delivered_source *source)
{
    fr_mutex_lock(source->lock);
    const bool had_ring = source->has_ring;
    const struct fr_delivery ring = source->ring;
    source->has_ring = false;
    source->gone = source->connected;
    fr_mutex_unlock(source->lock);
    if (had_ring)
        close_handles(&ring);
    const struct fr_os os = fr_os_native();
    os.ops->event_signal(os.self, &source->wake);
}

/* ---- the channel ---- */

/* Under the lock. A ring of another host comes after the end of the one before. */
static bool take_news(struct delivered_source *source, struct fr_source_news *out)
{
    const bool other = source->has_ring && source->connected && source->ring_host != source->host_pid;
    if (source->gone || other) {
        source->gone = source->connected = false;
        *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_GONE};
        return true;
    }
    if (!source->has_ring)
        return false;
    if (!source->connected) {
        source->connected = true;
        source->host_pid = source->ring_host;
        *out = (struct fr_source_news){
            .kind = FR_SOURCE_NEWS_CONNECTED, .host_pid = source->host_pid, .target_id = source->target_id};
        return true;
    }
    source->has_ring = false;
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_RING, .delivery = source->ring};
    return true;
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    struct delivered_source *source = self;
    const struct fr_os os = fr_os_native();
    const struct fr_event *const events[] = {&source->wake};
    const uint64_t begin = os.ops->now_ns(os.self);
    const uint64_t deadline = timeout_ns > UINT64_MAX - begin ? UINT64_MAX : begin + timeout_ns;
    for (;;) {
        memset(out, 0, sizeof(*out));
        fr_mutex_lock(source->lock);
        const bool found = take_news(source, out);
        fr_mutex_unlock(source->lock);
        if (found)
            return FR_OK;
        const uint64_t now = os.ops->now_ns(os.self);
        if (now >= deadline)
            return FR_AGAIN;
        os.ops->wait(os.self, events, 1, deadline == UINT64_MAX ? UINT64_MAX : deadline - now);
    }
}

/* The host knows the display from the system. */
static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    (void)self;
    return fr_msg_display_fault(display) ? FR_ERR_ARGUMENT : FR_OK;
}

static int source_fd(void *self)
{
    const struct delivered_source *source = self;
    return (int)source->wake.handle;
}

/* It lies in the header. */
static fr_wire_debug *source_debug(void *self)
{
    (void)self;
    return NULL;
}

static void source_destroy(void *self)
{
    struct delivered_source *source = self;
    const struct fr_os os = fr_os_native();
    if (source->has_ring)
        close_handles(&source->ring);
    fr_mutex_destroy(&source->lock);
    os.ops->event_close(os.self, &source->wake);
    free(source);
}

static const struct fr_source_channel_ops source_ops = {
    .poll = source_poll,
    .announce = source_announce,
    .fd = source_fd,
    .debug = source_debug,
    .destroy = source_destroy,
};

fr_status fr_delivered_source_create(struct fr_source_channel *out, uint32_t target_id, uint64_t capabilities,
                                     const fr_log *log)
{
    *out = (struct fr_source_channel){0};
    const struct fr_os os = fr_os_native();
    struct delivered_source *source = calloc(1, sizeof(*source));
    if (!source)
        return FR_ERR_NO_MEMORY;
    source->target_id = target_id;
    source->capabilities = capabilities;
    source->log = *log;
    source->ring = fr_delivery_none();
    source->wake.handle = FR_HANDLE_NONE;
    source->lock = fr_mutex_create();
    const fr_status status =
        source->lock ? os.ops->event_create(os.self, NULL, &source->wake) : FR_ERR_NO_MEMORY;
    if (status) {
        source_destroy(source);
        return status;
    }
    *out = (struct fr_source_channel){.ops = &source_ops, .self = source};
    return FR_OK;
}

fr_status fr_delivered_source_put(const struct fr_source_channel *channel, const void *ring, size_t bytes)
{
    if (channel->ops != &source_ops || !ring)
        return FR_ERR_ARGUMENT;
    return source_put(channel->self, ring, bytes);
}

void fr_delivered_source_host_gone(const struct fr_source_channel *channel)
{
    if (channel->ops == &source_ops)
        source_host_gone(channel->self);
}
