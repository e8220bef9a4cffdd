/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/named.h"

#include "channel/protocol.h"
#include "common/log.h"
#include "os/atomic.h"
#include "os/win32/win32.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How often the names are looked at: while there is a host, and while there is none. */
#define LOOK_NS (20 * FR_NS_PER_MS)
#define RETRY_NS (500 * FR_NS_PER_MS)

/* What the debug block says of an error: the HRESULT of a Windows error. */
#define HRESULT_OF_WIN32 0x80070000u

struct named_source {
    uint32_t target_id;
    char prefix[FR_NAMED_PREFIX_BYTES];
    fr_log log;
    struct fr_memory debug; /* none: not found yet. Stays, because the ring writes there too */
    uint32_t looks, attempts;
    bool connected, told_waiting, told_refused;
    uint32_t generation; /* of the last RING; 0 = none of this host */
    uint64_t look_at_ns;
    fr_wire_fault told_fault;
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

/* ---- the debug block: written before any header is found ---- */

static void find_debug(struct named_source *source)
{
    const struct fr_os os = fr_os_native();
    char name[FR_NAME_BYTES];
    fr_handle section;
    if (source->debug.ptr)
        return;
    fr_named_put(name, source->prefix, "dbg", FR_NAMED_NONE, FR_NAMED_NONE, FR_NAMED_NONE);
    if (fr_named_open_section(name, FILE_MAP_READ | FILE_MAP_WRITE, &section))
        return;
    if (os.ops->memory_map(os.self, section, sizeof(fr_wire_debug), FR_ACCESS_READ | FR_ACCESS_WRITE,
                           &source->debug))
        os.ops->handle_close(os.self, section);
}

static void note(struct named_source *source, uint32_t error)
{
    find_debug(source);
    fr_wire_debug *debug = source->debug.ptr;
    if (!debug)
        return;
    fr_store_relaxed_u32(&debug->run_core_entries, source->looks);
    fr_store_relaxed_u32(&debug->resolved_target_id, source->target_id);
    fr_store_relaxed_u32(&debug->header_open_attempts, source->attempts);
    fr_store_relaxed_u32(&debug->last_open_error, error ? HRESULT_OF_WIN32 | (error & 0xffff) : 0);
    fr_store_relaxed_u32(&debug->header_opened, !error);
}

/* ---- opening ---- */

static void close_delivery(const struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    os.ops->handle_close(os.self, delivery->header);
    os.ops->handle_close(os.self, delivery->event);
    os.ops->handle_close(os.self, delivery->slots);
}

/* 0: *out is a copy that passed every check. ERROR_INVALID_DATA: *fault. */
static uint32_t read_front(const struct named_source *source, fr_wire_v1 *out, fr_wire_fault *fault)
{
    const struct fr_os os = fr_os_native();
    char name[FR_NAME_BYTES];
    fr_handle section;
    struct fr_memory memory = {.handle = FR_HANDLE_NONE};
    fr_named_put(name, source->prefix, "hdr", source->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    /* By name each time: a section that is held would keep the name of a host that died. */
    const uint32_t error = fr_named_open_section(name, FILE_MAP_READ, &section);
    *fault = FR_WIRE_FINE;
    if (error)
        return error;
    *fault = FR_WIRE_TOO_SHORT;
    if (os.ops->memory_map(os.self, section, FR_WIRE_V1_BYTES, FR_ACCESS_READ, &memory)) {
        os.ops->handle_close(os.self, section);
        return ERROR_INVALID_DATA;
    }
    *fault = fr_named_read_front(out, memory.ptr, source->target_id);
    os.ops->memory_close(os.self, &memory);
    return *fault == FR_WIRE_FINE ? 0 : ERROR_INVALID_DATA;
}

static uint32_t open_v1(const struct named_source *source, struct fr_delivery *delivery)
{
    char name[FR_NAME_BYTES];
    delivery->sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    delivery->header_bytes = FR_WIRE_V1_BYTES;
    fr_named_put(name, source->prefix, "hdr", source->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const uint32_t error = fr_named_open_section(name, FILE_MAP_READ | FILE_MAP_WRITE, &delivery->header);
    if (error)
        return error;
    fr_named_put(name, source->prefix, "evt", source->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    return fr_named_open_event(name, EVENT_MODIFY_STATE, &delivery->event);
}

/* Takes over what the host line of the generation's own header says, if it can be read. */
static void read_host_line(struct fr_delivery *delivery, uint32_t target_id)
{
    const struct fr_os os = fr_os_native();
    struct fr_memory memory = {.handle = FR_HANDLE_NONE};
    HANDLE copy = NULL;
    fr_wire_v2 header;
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)delivery->header, GetCurrentProcess(), &copy,
                         SECTION_MAP_READ, FALSE, 0))
        return;
    if (os.ops->memory_map(os.self, (fr_handle)copy, FR_WIRE_V2_BYTES, FR_ACCESS_READ, &memory)) {
        CloseHandle(copy);
        return;
    }
    const fr_wire_fault fault = fr_wire_snapshot(&header, memory.ptr, memory.bytes, target_id);
    os.ops->memory_close(os.self, &memory);
    if (fault != FR_WIRE_FINE || header.v1.generation != delivery->generation)
        return;
    delivery->sync_kind = header.host.sync_kind;
    if (header.host.capabilities & FR_WIRE_CAP_DAMAGE_LINES)
        delivery->header_bytes = FR_WIRE_WHOLE_BYTES;
}

static uint32_t open_v2(const struct named_source *source, struct fr_delivery *delivery)
{
    char name[FR_NAME_BYTES];
    delivery->header_bytes = FR_WIRE_V2_BYTES;
    fr_named_put(name, source->prefix, "ring", source->target_id, delivery->generation, FR_NAMED_NONE);
    uint32_t error = fr_named_open_section(name, FILE_MAP_READ | FILE_MAP_WRITE, &delivery->header);
    if (error)
        return error;
    fr_named_put(name, source->prefix, "evt", source->target_id, delivery->generation, FR_NAMED_NONE);
    error = fr_named_open_event(name, EVENT_MODIFY_STATE, &delivery->event);
    if (error)
        return error;
    delivery->sync_kind = FR_WIRE_SYNC_ABSENT;
    read_host_line(delivery, source->target_id);
    switch (delivery->sync_kind) {
    case FR_WIRE_SYNC_STATES:
        fr_named_layout(delivery);
        fr_named_put(name, source->prefix, "mem", source->target_id, delivery->generation, FR_NAMED_NONE);
        return fr_named_open_section(name, FILE_MAP_READ | FILE_MAP_WRITE, &delivery->slots);
    case FR_WIRE_SYNC_KEYED_MUTEX: return 0;
    default: return ERROR_NOT_SUPPORTED; /* or it is being replaced: looked at again */
    }
}

/* 0: *out has everything that the front names. */
static uint32_t open_ring(const struct named_source *source, const fr_wire_v1 *front, struct fr_delivery *out)
{
    *out = fr_delivery_none();
    out->wire_version = front->version;
    out->generation = front->generation;
    out->ring_len = front->ring_len;
    out->width = front->width;
    out->height = front->height;
    out->format = (fr_format)front->format;
    const uint32_t error = front->version == 1 ? open_v1(source, out) : open_v2(source, out);
    if (error) {
        close_delivery(out);
        return error;
    }
    out->slots_kind = out->sync_kind == FR_WIRE_SYNC_STATES ? FR_SLOTS_MEMORY : FR_SLOTS_D3D11;
    if (out->slots_kind == FR_SLOTS_D3D11)
        fr_named_put(out->texture_name, source->prefix, "tex", source->target_id, out->generation,
                     FR_NAMED_NONE);
    if (front->version > 1) {
        out->adapter_luid_low = front->adapter_luid_low;
        out->adapter_luid_high = front->adapter_luid_high;
    }
    return 0;
}

/* ---- the channel ---- */

static void tell_waiting(struct named_source *source)
{
    if (source->told_waiting)
        return;
    source->told_waiting = true;
    fr_log_write(&source->log, FR_LOG_INFO, "waiting for a host at target %" PRIu32 " (%s-hdr-%" PRIu32 ")",
                 source->target_id, source->prefix, source->target_id);
}

static void tell_fault(struct named_source *source, fr_wire_fault fault)
{
    if (fault == source->told_fault || fault == FR_WIRE_NO_MAGIC || fault == FR_WIRE_CHANGED ||
        fault == FR_WIRE_BAD_GENERATION)
        return;
    source->told_fault = fault;
    fr_log_write(&source->log, FR_LOG_WARNING, "the named header of target %" PRIu32 " cannot be used: %s",
                 source->target_id, fr_wire_fault_text(fault));
}

/* The front or what it names is there, but not for us. */
static void tell_refused(struct named_source *source, uint32_t error)
{
    if (error != ERROR_ACCESS_DENIED || source->told_refused)
        return;
    source->told_refused = true;
    fr_log_write(&source->log, FR_LOG_WARNING,
                 "access to %s-hdr-%" PRIu32 " or its ring is denied: the host of target %" PRIu32
                 " has to let this user in by its security descriptor",
                 source->prefix, source->target_id, source->target_id);
}

static fr_status connect_to(struct named_source *source, struct fr_source_news *out)
{
    source->connected = true;
    source->told_waiting = false;
    source->look_at_ns = 0; /* the ring at once */
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_CONNECTED, .target_id = source->target_id};
    fr_log_write(&source->log, FR_LOG_INFO, "found the host of target %" PRIu32, source->target_id);
    return FR_OK;
}

static fr_status disconnect(struct named_source *source, struct fr_source_news *out)
{
    source->connected = false;
    source->generation = 0;
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_GONE};
    fr_log_write(&source->log, FR_LOG_INFO, "the host of target %" PRIu32 " went away", source->target_id);
    return FR_OK;
}

static fr_status take_ring(struct named_source *source, const fr_wire_v1 *front, struct fr_source_news *out)
{
    struct fr_delivery delivery;
    const uint32_t error = open_ring(source, front, &delivery);
    note(source, error);
    tell_refused(source, error);
    if (error)
        return FR_AGAIN;
    source->told_refused = false;
    source->generation = front->generation;
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_RING, .delivery = delivery};
    return FR_OK;
}

/* One look at the names; FR_OK: news. */
static fr_status step(struct named_source *source, struct fr_source_news *out)
{
    fr_wire_v1 front;
    fr_wire_fault fault;
    source->looks++;
    if (!source->generation)
        source->attempts++;
    const uint32_t error = read_front(source, &front, &fault);
    source->look_at_ns = now_ns() + (error && !source->connected ? RETRY_NS : LOOK_NS);
    if (!source->generation || error)
        note(source, error);
    if (!error && !source->connected)
        return connect_to(source, out);
    if (!error)
        return front.generation == source->generation ? FR_AGAIN : take_ring(source, &front, out);
    tell_fault(source, fault);
    tell_refused(source, error);
    /* Without a name there is no host; a generation of 0 is its last word. */
    const bool gone =
        error == ERROR_FILE_NOT_FOUND || (fault == FR_WIRE_BAD_GENERATION && front.generation == 0);
    if (source->connected && gone)
        return disconnect(source, out);
    if (!source->connected)
        tell_waiting(source);
    return FR_AGAIN;
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    struct named_source *source = self;
    const struct fr_os os = fr_os_native();
    const uint64_t begin = now_ns();
    const uint64_t deadline = timeout_ns > UINT64_MAX - begin ? UINT64_MAX : begin + timeout_ns;
    for (;;) {
        memset(out, 0, sizeof(*out));
        if (now_ns() >= source->look_at_ns && step(source, out) == FR_OK)
            return FR_OK;
        const uint64_t now = now_ns();
        if (now >= deadline)
            return FR_AGAIN;
        const uint64_t until = source->look_at_ns < deadline ? source->look_at_ns : deadline;
        os.ops->wait(os.self, NULL, 0, until > now ? until - now : 0);
    }
}

/* Names carry nothing back: the host knows the display from the system. */
static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    (void)self;
    return fr_msg_display_fault(display) ? FR_ERR_ARGUMENT : FR_OK;
}

static int source_fd(void *self)
{
    (void)self;
    return -1;
}

static fr_wire_debug *source_debug(void *self)
{
    struct named_source *source = self;
    return source->debug.ptr;
}

static void source_destroy(void *self)
{
    struct named_source *source = self;
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &source->debug);
    free(source);
}

static const struct fr_source_channel_ops source_ops = {
    .poll = source_poll,
    .announce = source_announce,
    .fd = source_fd,
    .debug = source_debug,
    .destroy = source_destroy,
};

fr_status fr_named_source_create(struct fr_source_channel *out, const struct fr_named_source_params *params)
{
    *out = (struct fr_source_channel){0};
    struct named_source *source = calloc(1, sizeof(*source));
    if (!source)
        return FR_ERR_NO_MEMORY;
    source->target_id = params->target_id;
    source->log = params->log;
    source->debug.handle = FR_HANDLE_NONE;
    const fr_status status = fr_named_prefix(source->prefix, params->prefix, &params->log);
    if (status) {
        free(source);
        return status;
    }
    *out = (struct fr_source_channel){.ops = &source_ops, .self = source};
    return FR_OK;
}
