/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/named_objects.h"

#include "common/log.h"
#include "os/atomic.h"
#include "os/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WATCH_NS (100 * FR_NS_PER_MS)

struct named_host {
    /* Constant once the thread runs. */
    struct fr_named_objects objects;
    fr_log log;
    struct fr_event wake;   /* the channel thread's */
    struct fr_event notify; /* the frame thread's; borrowed */
    struct fr_thread *thread;

    /* The frame thread's alone. */
    char name[FR_NAME_BYTES];
    struct fr_object_name object;

    struct fr_mutex *lock; /* guards `shared`; held for a few assignments */
    struct {
        bool stop;
        bool arrived, gone;
        uint64_t gone_ns;
        struct fr_memory ring; /* version 2: the header of the newest generation, not looked at yet */
    } shared;
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

/* ---- the death of a source, version 2: the channel thread ---- */

struct watch {
    struct fr_memory ring;
    uint32_t pid;   /* that was looked at */
    HANDLE process; /* NULL: not watched */
};

static void stop_watching(struct watch *watch)
{
    if (watch->process)
        CloseHandle(watch->process);
    watch->process = NULL;
    watch->pid = 0;
}

/* False: the process is gone already. */
static bool look_at_pid(struct watch *watch)
{
    if (!watch->ring.ptr)
        return true;
    const uint32_t pid = fr_load_relaxed_u32(&((fr_wire_v2 *)watch->ring.ptr)->source.pid);
    if (pid == watch->pid)
        return true;
    stop_watching(watch);
    watch->pid = pid;
    if (!pid)
        return true;
    /* What the source says of itself: at worst the wrong death makes a new generation. */
    watch->process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    return watch->process || GetLastError() != ERROR_INVALID_PARAMETER;
}

static void post_death(struct named_host *host)
{
    const struct fr_os os = fr_os_native();
    fr_mutex_lock(host->lock);
    host->shared.gone = true;
    host->shared.gone_ns = now_ns();
    fr_mutex_unlock(host->lock);
    os.ops->event_signal(os.self, &host->notify);
}

/* False: the host ends. */
static bool look_at_shared(struct named_host *host, struct watch *watch)
{
    const struct fr_os os = fr_os_native();
    fr_mutex_lock(host->lock);
    const bool stop = host->shared.stop;
    struct fr_memory ring = host->shared.ring;
    host->shared.ring = (struct fr_memory){.handle = FR_HANDLE_NONE};
    fr_mutex_unlock(host->lock);
    if (ring.ptr) {
        os.ops->memory_close(os.self, &watch->ring);
        watch->ring = ring;
        stop_watching(watch);
    }
    return !stop;
}

static void run(void *opaque)
{
    struct named_host *host = opaque;
    const struct fr_os os = fr_os_native();
    struct watch watch = {.ring.handle = FR_HANDLE_NONE};
    while (look_at_shared(host, &watch)) {
        bool dead = !look_at_pid(&watch);
        if (!dead) {
            const struct fr_event process = {.handle = (fr_handle)watch.process};
            const struct fr_event *const events[] = {&host->wake, &process};
            os.ops->wait(os.self, events, watch.process ? 2 : 1, watch.ring.ptr ? WATCH_NS : UINT64_MAX);
            dead = watch.process && WaitForSingleObject(watch.process, 0) == WAIT_OBJECT_0;
        }
        if (dead) {
            os.ops->memory_close(os.self, &watch.ring);
            stop_watching(&watch);
            post_death(host);
        }
    }
    os.ops->memory_close(os.self, &watch.ring);
    stop_watching(&watch);
}

/* ---- the frame thread ---- */

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct named_host *host = self;
    const struct fr_os os = fr_os_native();
    host->notify = *notify;
    host->shared.arrived = true;
    os.ops->event_signal(os.self, &host->notify);
    if (host->objects.wire_version == 1)
        return FR_OK;
    const fr_status status = fr_thread_start(&host->thread, "fr-named", run, host);
    if (status)
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot start the thread of target %" PRIu32 ": %s",
                     host->objects.target_id, fr_status_text(status));
    return status;
}

/* Whoever opens the names is the source, now or later: it is there from the beginning, and again right after
 * a death. */
static fr_status host_poll(void *self, struct fr_host_news *out)
{
    struct named_host *host = self;
    memset(out, 0, sizeof(*out));
    fr_mutex_lock(host->lock);
    const bool gone = host->shared.gone, arrived = !gone && host->shared.arrived;
    const uint64_t gone_ns = host->shared.gone_ns;
    host->shared.gone = false;
    host->shared.arrived = gone;
    fr_mutex_unlock(host->lock);
    if (gone) {
        *out =
            (struct fr_host_news){.kind = FR_HOST_NEWS_GONE, .at_ns = gone_ns, .reason = FR_ERR_SOURCE_DIED};
    } else if (arrived) {
        *out = (struct fr_host_news){
            .kind = FR_HOST_NEWS_SOURCE,
            .at_ns = now_ns(),
            .capabilities =
                host->objects.wire_version == 1 ? FR_CAP_KEYED_MUTEX : FR_CAP_STATES | FR_CAP_KEYED_MUTEX,
            .name = "named",
        };
    }
    return gone || arrived ? FR_OK : FR_AGAIN;
}

/* The order of a creation and of a re-creation: docs/wire.md. */
static void write_front(struct named_host *host, const struct fr_delivery *delivery)
{
    fr_wire_v1 *front = host->objects.header.ptr;
    const bool first = fr_load_relaxed_u32(&front->magic) != FR_WIRE_MAGIC;
    if (first) {
        fr_store_relaxed_u32(&front->version, 2);
        fr_store_relaxed_u32(&front->generation, delivery->generation);
        fr_store_relaxed_u32(&front->target_id, host->objects.target_id);
    }
    fr_store_relaxed_u32(&front->ring_len, delivery->ring_len);
    fr_store_relaxed_u32(&front->width, delivery->width);
    fr_store_relaxed_u32(&front->height, delivery->height);
    fr_store_relaxed_u32(&front->format, (uint32_t)delivery->format);
    fr_store_relaxed_u32(&front->adapter_luid_low, delivery->adapter_luid_low);
    fr_store_relaxed_u32((uint32_t *)(void *)&front->adapter_luid_high,
                         (uint32_t)delivery->adapter_luid_high);
    fr_fence_release();
    /* Both pair with the acquires in fr_named_read_front. */
    if (first)
        fr_store_release_u32(&front->magic, FR_WIRE_MAGIC);
    else
        fr_store_release_u32(&front->generation, delivery->generation);
}

static bool same_layout(const struct fr_delivery *delivery)
{
    struct fr_delivery named = *delivery;
    fr_named_layout(&named);
    return named.slots_bytes == delivery->slots_bytes && named.pitch_bytes == delivery->pitch_bytes &&
           !memcmp(named.slot_offset, delivery->slot_offset, sizeof(named.slot_offset));
}

/* So that the channel thread sees the pid. Without it the death of the source goes unnoticed. */
static void watch_ring(struct named_host *host, const struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    struct fr_memory ring = {.handle = FR_HANDLE_NONE};
    HANDLE header = NULL;
    if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)delivery->header, GetCurrentProcess(), &header,
                         SECTION_MAP_READ, FALSE, 0))
        return;
    if (os.ops->memory_map(os.self, (fr_handle)header, FR_WIRE_V2_BYTES, FR_ACCESS_READ, &ring)) {
        CloseHandle(header);
        return;
    }
    fr_mutex_lock(host->lock);
    struct fr_memory before = host->shared.ring;
    host->shared.ring = ring;
    fr_mutex_unlock(host->lock);
    os.ops->memory_close(os.self, &before);
    os.ops->event_signal(os.self, &host->wake);
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct named_host *host = self;
    if (host->objects.wire_version == 1)
        return FR_OK; /* the header was written in place */
    if (delivery->slots_kind == FR_SLOTS_MEMORY && !same_layout(delivery)) {
        fr_log_write(&host->log, FR_LOG_ERROR,
                     "the slots of target %" PRIu32 " do not lie as named slots do: use another channel",
                     host->objects.target_id);
        return FR_ERR_UNSUPPORTED;
    }
    write_front(host, delivery);
    watch_ring(host, delivery);
    return FR_OK;
}

static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    static const struct {
        const char *kind;
        enum fr_named_what what;
    } names[] = {
        [FR_OBJECT_HEADER] = {"ring", FR_NAMED_SECTION},
        [FR_OBJECT_EVENT] = {"evt", FR_NAMED_EVENT},
        [FR_OBJECT_SLOTS] = {"mem", FR_NAMED_SECTION},
        [FR_OBJECT_TEXTURE] = {"tex", FR_NAMED_TEXTURE},
        [FR_OBJECT_READY_FENCE] = {"rdy", FR_NAMED_TEXTURE},
        [FR_OBJECT_RETIRE_FENCE] = {"ret", FR_NAMED_TEXTURE},
    };
    struct named_host *host = self;
    fr_named_put(host->name, host->objects.prefix, names[kind].kind, host->objects.target_id, generation,
                 kind == FR_OBJECT_TEXTURE ? (int64_t)index : FR_NAMED_NONE);
    host->object = (struct fr_object_name){
        .label = host->name,
        .global = host->name,
        .security = fr_security_attributes(&host->objects.security[names[kind].what])};
    return &host->object;
}

static void host_fixed(void *self, struct fr_memory *header, struct fr_event *event)
{
    struct named_host *host = self;
    *header = host->objects.header;
    *event = host->objects.event;
}

static fr_wire_debug *host_debug(void *self)
{
    struct named_host *host = self;
    return host->objects.debug.ptr;
}

static fr_status host_request_hdr(void *self, bool on)
{
    (void)self, (void)on;
    return FR_ERR_UNSUPPORTED;
}

static fr_status host_invite(void *self, int *out)
{
    (void)self;
    *out = -1;
    return FR_ERR_UNSUPPORTED;
}

static void host_destroy(void *self)
{
    struct named_host *host = self;
    const struct fr_os os = fr_os_native();
    if (host->lock) {
        fr_mutex_lock(host->lock);
        host->shared.stop = true;
        fr_mutex_unlock(host->lock);
    }
    if (host->thread)
        os.ops->event_signal(os.self, &host->wake);
    fr_thread_join(&host->thread);
    /* Nobody finds anything here any more, and who was attached sees that it is stale. */
    if (host->objects.header.ptr)
        fr_store_release_u32(&((fr_wire_v1 *)host->objects.header.ptr)->generation, 0);
    os.ops->memory_close(os.self, &host->shared.ring);
    os.ops->event_close(os.self, &host->wake);
    fr_named_objects_finish(&host->objects);
    fr_mutex_destroy(&host->lock);
    free(host);
}

static const struct fr_host_channel_ops host_ops = {
    .start = host_start,
    .poll = host_poll,
    .deliver = host_deliver,
    .object_name = host_object_name,
    .fixed = host_fixed,
    .debug = host_debug,
    .request_hdr = host_request_hdr,
    .invite = host_invite,
    .destroy = host_destroy,
};

/* Names of a generation that a source still holds from a host before us are in the way: not from 1. */
static uint32_t any_generation(void)
{
    char text[9] = "";
    return fr_random_text(text, sizeof(text)) ? (uint32_t)strtoul(text, NULL, 16) & FR_GENERATION_MAX : 0;
}

fr_status fr_named_host_create(struct fr_host_channel *out, const struct fr_named_host_params *params)
{
    *out = (struct fr_host_channel){0};
    const struct fr_os os = fr_os_native();
    struct named_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->log = params->log;
    host->shared.ring.handle = host->wake.handle = FR_HANDLE_NONE;
    fr_status status = fr_named_objects_init(&host->objects, params);
    host->lock = fr_mutex_create();
    if (!status && !host->lock)
        status = FR_ERR_NO_MEMORY;
    if (!status)
        status = os.ops->event_create(os.self, NULL, &host->wake);
    if (status) {
        host_destroy(host);
        return status;
    }
    *out = (struct fr_host_channel){.ops = &host_ops,
                                    .self = host,
                                    .wire_version = host->objects.wire_version,
                                    .last_generation = any_generation()};
    return FR_OK;
}
