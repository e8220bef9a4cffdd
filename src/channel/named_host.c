/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/named.h"

#include "channel/sealed_security.h"
#include "common/log.h"
#include "os/atomic.h"
#include "os/thread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* User-mode drivers: S-1-5-84-0-0-0-0-0, which not every SDDL parser knows as UD. The masks: section map read
 * (and write) and query; event modify state; DXGI shared resource read and write. Nobody but a host needs the
 * mutex. */
#define HOSTS "D:P(A;;GA;;;SY)(A;;GA;;;BA)"
#define DRIVERS(mask) HOSTS "(A;;" mask ";;;S-1-5-84-0-0-0-0-0)"
#define EVERYONE "D:(A;;GA;;;WD)"

#define WATCH_NS (100 * FR_NS_PER_MS)

enum what { OWN, FRONT, SECTION, EVENT, TEXTURE, NUM_WHAT };

static const char *const default_sddl[NUM_WHAT] = {
    [OWN] = HOSTS,
    [FRONT] = DRIVERS("0x5"),
    [SECTION] = DRIVERS("0x7"),
    [EVENT] = DRIVERS("0x2"),
    [TEXTURE] = DRIVERS("0x80000001"),
};

struct named_host {
    /* Constant once the thread runs. */
    uint32_t target_id, wire_version;
    char prefix[FR_NAMED_PREFIX_BYTES];
    fr_log log;
    struct fr_security security[NUM_WHAT];
    HANDLE own;
    struct fr_memory header; /* the front, in version 2 */
    struct fr_event event;   /* version 1 */
    struct fr_memory debug;  /* none: without */
    struct fr_event wake;    /* the channel thread's */
    struct fr_event notify;  /* the frame thread's; borrowed */
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

static void look_at_pid(struct watch *watch)
{
    if (!watch->ring.ptr)
        return;
    const uint32_t pid = fr_load_relaxed_u32(&((fr_wire_v2 *)watch->ring.ptr)->source.pid);
    if (pid == watch->pid)
        return;
    stop_watching(watch);
    watch->pid = pid;
    /* What the source says of itself: at worst the wrong death makes a new generation. */
    watch->process = pid ? OpenProcess(SYNCHRONIZE, FALSE, pid) : NULL;
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
        look_at_pid(&watch);
        const struct fr_event process = {.handle = (fr_handle)watch.process};
        const struct fr_event *const events[] = {&host->wake, &process};
        os.ops->wait(os.self, events, watch.process ? 2 : 1, watch.ring.ptr ? WATCH_NS : UINT64_MAX);
        if (watch.process && WaitForSingleObject(watch.process, 0) == WAIT_OBJECT_0) {
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
    if (host->wire_version == 1)
        return FR_OK;
    const fr_status status = fr_thread_start(&host->thread, "fr-named", run, host);
    if (status)
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot start the thread of target %" PRIu32 ": %s",
                     host->target_id, fr_status_text(status));
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
            .capabilities = host->wire_version == 1 ? FR_CAP_KEYED_MUTEX : FR_CAP_STATES | FR_CAP_KEYED_MUTEX,
            .name = "named",
        };
    }
    return gone || arrived ? FR_OK : FR_AGAIN;
}

/* The order of a creation and of a re-creation: docs/wire.md. */
static void write_front(struct named_host *host, const struct fr_delivery *delivery)
{
    fr_wire_v1 *front = host->header.ptr;
    const bool first = fr_load_relaxed_u32(&front->magic) != FR_WIRE_MAGIC;
    if (first) {
        fr_store_relaxed_u32(&front->version, 2);
        fr_store_relaxed_u32(&front->generation, delivery->generation);
        fr_store_relaxed_u32(&front->target_id, host->target_id);
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
    if (host->wire_version == 1)
        return FR_OK; /* the header was written in place */
    if (delivery->sync_kind == FR_WIRE_SYNC_STATES && !same_layout(delivery)) {
        fr_log_write(&host->log, FR_LOG_ERROR,
                     "the slots of target %" PRIu32 " do not lie as named slots do: use another channel",
                     host->target_id);
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
        enum what what;
    } names[] = {
        [FR_OBJECT_HEADER] = {"ring", SECTION},     [FR_OBJECT_EVENT] = {"evt", EVENT},
        [FR_OBJECT_SLOTS] = {"mem", SECTION},       [FR_OBJECT_TEXTURE] = {"tex", TEXTURE},
        [FR_OBJECT_READY_FENCE] = {"rdy", TEXTURE}, [FR_OBJECT_RETIRE_FENCE] = {"ret", TEXTURE},
    };
    struct named_host *host = self;
    fr_named_put(host->name, host->prefix, names[kind].kind, host->target_id, generation,
                 kind == FR_OBJECT_TEXTURE ? (int64_t)index : FR_NAMED_NONE);
    host->object =
        (struct fr_object_name){.label = host->name,
                                .global = host->name,
                                .security = fr_security_attributes(&host->security[names[kind].what])};
    return &host->object;
}

static void host_fixed(void *self, struct fr_memory *header, struct fr_event *event)
{
    struct named_host *host = self;
    *header = host->header;
    *event = host->event;
}

static fr_wire_debug *host_debug(void *self)
{
    struct named_host *host = self;
    return host->debug.ptr;
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
    if (host->header.ptr)
        fr_store_release_u32(&((fr_wire_v1 *)host->header.ptr)->generation, 0);
    os.ops->memory_close(os.self, &host->shared.ring);
    os.ops->memory_close(os.self, &host->debug);
    os.ops->memory_close(os.self, &host->header);
    os.ops->event_close(os.self, &host->event);
    os.ops->event_close(os.self, &host->wake);
    if (host->own)
        CloseHandle(host->own);
    for (size_t i = 0; i < NUM_WHAT; i++)
        fr_security_finish(&host->security[i]);
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

/* ---- creating ---- */

static fr_status explain(const struct named_host *host, const char *name, fr_status status)
{
    const fr_log *log = &host->log;
    switch (status) {
    case FR_ERR_TARGET_BUSY:
        fr_log_write(log, FR_LOG_ERROR,
                     "%s is there already and is not ours: another host serves target %" PRIu32
                     ", or somebody holds its names; stop it, or name another target",
                     name, host->target_id);
        break;
    case FR_ERR_PERMISSION:
        fr_log_write(
            log, FR_LOG_ERROR,
            "%s may not be made: global names need a service or an administrator; a prefix in Local\\ "
            "does not",
            name);
        break;
    default: fr_log_write(log, FR_LOG_ERROR, "%s cannot be made: %s", name, fr_status_text(status));
    }
    return status;
}

static fr_status be_the_only_host(struct named_host *host)
{
    wchar_t wide[FR_NAME_BYTES];
    fr_named_put(host->name, host->prefix, "own", host->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    fr_status status = FR_ERR_ARGUMENT;
    if (fr_wide(host->name, wide, FR_NAME_BYTES)) {
        host->own = CreateMutexW(fr_security_attributes(&host->security[OWN]), FALSE, wide);
        const DWORD error = GetLastError();
        status = host->own ? FR_OK : fr_win32_status_of_error(error);
        /* Making a mutex needs no right: the one that is denied is another host's. */
        if (error == (host->own ? ERROR_ALREADY_EXISTS : ERROR_ACCESS_DENIED))
            status = FR_ERR_TARGET_BUSY;
    }
    return status ? explain(host, host->name, status) : FR_OK;
}

/* A source that outlives its host keeps the names alive. The section of a host before us, of our own user or
 * of an administrator, is as good as a new one: its descriptor is the same. */
static fr_status adopt(const char *name, size_t bytes, struct fr_memory *out)
{
    const struct fr_os os = fr_os_native();
    fr_handle section;
    if (fr_named_open_section(name, FILE_MAP_READ | FILE_MAP_WRITE | READ_CONTROL, &section))
        return FR_ERR_TARGET_BUSY;
    if (fr_security_trusts_owner((HANDLE)section) &&
        !os.ops->memory_map(os.self, section, bytes, FR_ACCESS_READ | FR_ACCESS_WRITE, out))
        return FR_OK;
    os.ops->handle_close(os.self, section);
    return FR_ERR_TARGET_BUSY;
}

static fr_status make_section(struct named_host *host, const char *kind, int64_t target_id, enum what what,
                              size_t bytes, struct fr_memory *out)
{
    const struct fr_os os = fr_os_native();
    fr_named_put(host->name, host->prefix, kind, target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const struct fr_object_name name = {
        .label = host->name, .global = host->name, .security = fr_security_attributes(&host->security[what])};
    const fr_status status =
        os.ops->memory_create(os.self, &name, bytes, FR_ACCESS_READ | FR_ACCESS_WRITE, out);
    return status == FR_ERR_TARGET_BUSY ? adopt(host->name, bytes, out) : status;
}

static fr_status make_header(struct named_host *host)
{
    const fr_status status =
        make_section(host, "hdr", host->target_id, host->wire_version == 1 ? SECTION : FRONT,
                     FR_WIRE_V1_BYTES, &host->header);
    if (status)
        return explain(host, host->name, status);
    /* Its last host may have left something there. The magic goes first. */
    uint32_t *words = host->header.ptr;
    for (size_t i = 0; i < FR_WIRE_V1_BYTES / sizeof(*words); i++)
        fr_store_relaxed_u32(words + i, 0);
    return FR_OK;
}

static fr_status make_event(struct named_host *host)
{
    const struct fr_os os = fr_os_native();
    fr_named_put(host->name, host->prefix, "evt", host->target_id, FR_NAMED_NONE, FR_NAMED_NONE);
    const struct fr_object_name name = {.label = host->name,
                                        .global = host->name,
                                        .security = fr_security_attributes(&host->security[EVENT])};
    fr_status status = os.ops->event_create(os.self, &name, &host->event);
    if (status != FR_ERR_TARGET_BUSY)
        return status ? explain(host, host->name, status) : FR_OK;
    if (!fr_named_open_event(host->name, EVENT_MODIFY_STATE | SYNCHRONIZE | READ_CONTROL,
                             &host->event.handle) &&
        fr_security_trusts_owner((HANDLE)host->event.handle))
        return FR_OK;
    return explain(host, host->name, FR_ERR_TARGET_BUSY);
}

/* Best effort, and shared by the hosts of all targets. */
static void make_debug(struct named_host *host)
{
    if (make_section(host, "dbg", FR_NAMED_NONE, SECTION, sizeof(fr_wire_debug), &host->debug)) {
        fr_log_write(&host->log, FR_LOG_WARNING, "%s is not ours: what a source says there is not read",
                     host->name);
        return;
    }
    fr_store_relaxed_u32(&((fr_wire_debug *)host->debug.ptr)->magic, FR_WIRE_DEBUG_MAGIC);
}

static fr_status init(struct named_host *host, const struct fr_named_host_params *params)
{
    const struct fr_os os = fr_os_native();
    if (host->wire_version > 2) {
        fr_log_write(&host->log, FR_LOG_ERROR, "there is no wire version %" PRIu32 ": 1 or 2",
                     host->wire_version);
        return FR_ERR_ARGUMENT;
    }
    fr_status status = fr_named_prefix(host->prefix, params->prefix, &host->log);
    const char *const all = params->everyone ? EVERYONE : params->sddl;
    for (size_t i = 0; i < NUM_WHAT && !status; i++)
        status = fr_security_init(&host->security[i], all && i != OWN ? all : default_sddl[i], &host->log);
    if (status)
        return status;
    if (params->everyone)
        fr_log_write(&host->log, FR_LOG_WARNING,
                     "every process of this machine may read and write the frames of target %" PRIu32,
                     host->target_id);
    host->lock = fr_mutex_create();
    if (!host->lock)
        return FR_ERR_NO_MEMORY;
    status = os.ops->event_create(os.self, NULL, &host->wake);
    if (!status)
        status = be_the_only_host(host);
    if (!status)
        status = make_header(host);
    if (!status && host->wire_version == 1)
        status = make_event(host);
    if (!status)
        make_debug(host);
    return status;
}

/* Names of a generation that a source still holds from a host before us are in the way: not from 1. */
static uint32_t any_generation(void)
{
    char text[9] = "";
    return fr_random_text(text, sizeof(text)) ? (uint32_t)strtoul(text, NULL, 16) & FR_GENERATION_MAX : 0;
}

fr_status fr_named_host_create(struct fr_host_channel *out, const struct fr_named_host_params *params)
{
    *out = (struct fr_host_channel){0};
    struct named_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->target_id = params->target_id;
    host->wire_version = params->wire_version ? params->wire_version : 2;
    host->log = params->log;
    host->header.handle = host->debug.handle = host->shared.ring.handle = FR_HANDLE_NONE;
    host->event.handle = host->wake.handle = FR_HANDLE_NONE;
    const fr_status status = init(host, params);
    if (status) {
        host_destroy(host);
        return status;
    }
    *out = (struct fr_host_channel){.ops = &host_ops,
                                    .self = host,
                                    .wire_version = host->wire_version,
                                    .last_generation = any_generation()};
    return FR_OK;
}
