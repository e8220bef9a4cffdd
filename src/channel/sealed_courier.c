/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/sealed.h"
#include "channel/sealed_remote.h"
#include "channel/sealed_security.h"
#include "common/log.h"
#include "os/thread.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASK_NS (500 * FR_NS_PER_MS)
#define ALL_WAYS (FR_CAP_STATES | FR_CAP_KEYED_MUTEX | FR_CAP_FENCE)

static_assert(FR_WIN32_CAN_MEMORY == FR_CAP_STATES, "the same bits");
static_assert(FR_WIN32_CAN_KEYED_MUTEX == FR_CAP_KEYED_MUTEX, "the same bits");
static_assert(FR_WIN32_CAN_FENCE == FR_CAP_FENCE, "the same bits");

enum { IMAGE_CHARS = 1024 };

/* A ring that waits for the courier, with handles of its own. */
struct parcel {
    bool present;
    uint64_t serial; /* of the source that it was made for */
    struct fr_delivery delivery;
};

/*
 * The frame thread leaves the newest ring and goes; the channel thread finds the source, puts the handles
 * into it and calls the courier, who may take his time.
 */
struct courier_host {
    /* Constant once the thread runs. */
    uint32_t target_id;
    fr_win32_courier courier;
    wchar_t image[IMAGE_CHARS]; /* "": any */
    fr_log log;
    struct fr_host_channel observers; /* a pipe for them */
    struct fr_event wake;             /* the channel thread's */
    struct fr_event notify;           /* the frame thread's; borrowed */
    struct fr_thread *thread;

    struct fr_mutex *lock; /* guards `shared`; held for a few assignments */
    struct {
        bool stop;
        uint64_t heard_serial; /* of the source whose SOURCE was taken; 0 = none, or its GONE was taken */
        struct parcel parcel;
        bool arrived, gone, refused;
        uint64_t arrived_serial;
        struct fr_host_news arrived_news, gone_news;
    } shared;

    /* The channel thread's alone. */
    HANDLE process; /* NULL: no source */
    uint64_t serial;
    uint32_t refused_pid; /* already told */
    uint64_t ask_at_ns;
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static void signal_event(const struct fr_event *event)
{
    const struct fr_os os = fr_os_native();
    os.ops->event_signal(os.self, event);
}

/* ---- parcels ---- */

static void parcel_finish(struct parcel *parcel)
{
    const struct fr_os os = fr_os_native();
    fr_handle handle[FR_MSG_HANDLES_MAX];
    if (!parcel->present)
        return;
    const size_t count = fr_msg_list_handles(&parcel->delivery, handle, NULL);
    for (size_t i = 0; i < count; i++)
        os.ops->handle_close(os.self, handle[i]);
    parcel->present = false;
}

/* Handles of its own: the ring may be gone before the courier is. */
static fr_status parcel_init(struct parcel *out, const struct fr_delivery *delivery)
{
    fr_handle handle[FR_MSG_HANDLES_MAX], mine[FR_MSG_HANDLES_MAX];
    const size_t count = fr_msg_list_handles(delivery, handle, NULL);
    *out = (struct parcel){.present = true, .delivery = *delivery};
    fr_status status = FR_OK;
    for (size_t i = 0; i < count; i++) {
        HANDLE copy = NULL;
        if (!status && !DuplicateHandle(GetCurrentProcess(), (HANDLE)handle[i], GetCurrentProcess(), &copy, 0,
                                        FALSE, DUPLICATE_SAME_ACCESS))
            status = fr_win32_status_of_error(GetLastError());
        mine[i] = copy ? (fr_handle)copy : FR_HANDLE_NONE;
    }
    fr_msg_take_handles(&out->delivery, mine);
    if (status)
        parcel_finish(out);
    return status;
}

static fr_win32_ring request_of(const struct courier_host *host, const struct fr_delivery *delivery,
                                const struct fr_gift *gift)
{
    fr_win32_ring ring = {
        .magic = FR_WIN32_RING_MAGIC,
        .version = FR_WIN32_RING_VERSION,
        .bytes = sizeof(ring),
        .target_id = host->target_id,
        .generation = delivery->generation,
        .ring_len = delivery->ring_len,
        .width = delivery->width,
        .height = delivery->height,
        .format = (uint32_t)delivery->format,
        .sync_kind = delivery->sync_kind,
        .host_pid = fr_os_process_id(),
        .adapter_luid_low = delivery->adapter_luid_low,
        .adapter_luid_high = delivery->adapter_luid_high,
        .header_bytes = delivery->header_bytes,
        .slots_bytes = delivery->slots_bytes,
        .pitch_bytes = delivery->pitch_bytes,
    };
    struct fr_delivery there = fr_delivery_none();
    fr_handle handle[FR_MSG_HANDLES_MAX];
    there.slots_kind = delivery->slots_kind;
    there.sync_kind = delivery->sync_kind;
    there.ring_len = delivery->ring_len;
    there.slots = there.ready_fence = there.retire_fence = 0;
    for (size_t i = 0; i < gift->count; i++)
        handle[i] = (fr_handle)gift->value[i];
    fr_msg_take_handles(&there, handle);
    ring.header = (uint64_t)there.header;
    ring.event = (uint64_t)there.event;
    ring.slots = (uint64_t)there.slots;
    ring.ready_fence = (uint64_t)there.ready_fence;
    ring.retire_fence = (uint64_t)there.retire_fence;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX && i < delivery->ring_len; i++) {
        ring.slot_offset[i] = delivery->slot_offset[i];
        ring.texture[i] = there.texture[i] == FR_HANDLE_NONE ? 0 : (uint64_t)there.texture[i];
    }
    return ring;
}

/* ---- the channel thread ---- */

static void post_refused(struct courier_host *host)
{
    fr_mutex_lock(host->lock);
    host->shared.refused = true;
    fr_mutex_unlock(host->lock);
    signal_event(&host->notify);
}

static void lose_source(struct courier_host *host)
{
    CloseHandle(host->process);
    host->process = NULL;
    host->ask_at_ns = now_ns() + ASK_NS;
    fr_mutex_lock(host->lock);
    host->shared.gone = true;
    host->shared.gone_news =
        (struct fr_host_news){.kind = FR_HOST_NEWS_GONE, .at_ns = now_ns(), .reason = FR_ERR_SOURCE_DIED};
    fr_mutex_unlock(host->lock);
    signal_event(&host->notify);
}

/* Once for each process that stays unfit. */
static void refuse(struct courier_host *host, uint32_t pid, const char *why)
{
    if (pid == host->refused_pid)
        return;
    host->refused_pid = pid;
    fr_log_write(&host->log, FR_LOG_WARNING, "target %" PRIu32 " turned the source of its courier away: %s",
                 host->target_id, why);
    post_refused(host);
}

static void greet(struct courier_host *host, HANDLE process, const fr_win32_peer *peer)
{
    struct fr_host_news news = {
        .kind = FR_HOST_NEWS_SOURCE,
        .at_ns = now_ns(),
        .capabilities = peer->capabilities & ALL_WAYS,
        .on_gpu = peer->capabilities & FR_CAP_GPU_WAYS,
        .pid = peer->pid,
    };
    fr_remote_image_name(process, news.name, sizeof(news.name));
    host->process = process;
    host->refused_pid = 0;
    host->serial++;
    fr_mutex_lock(host->lock);
    host->shared.arrived = true;
    host->shared.arrived_serial = host->serial;
    host->shared.arrived_news = news;
    fr_mutex_unlock(host->lock);
    signal_event(&host->notify);
}

static void find_source(struct courier_host *host)
{
    fr_win32_peer peer = {0};
    HANDLE process = NULL;
    char why[FR_REMOTE_WHY_BYTES];
    host->ask_at_ns = now_ns() + ASK_NS;
    if (host->courier.find_source(host->courier.user, &peer) != FR_OK || !peer.pid)
        return;
    if (!peer.capabilities)
        peer.capabilities = FR_CAP_STATES;
    fr_status status = fr_remote_open(peer.pid, &process, why);
    if (status == FR_END)
        return;
    if (!status && host->image[0])
        status = fr_remote_check_image(process, host->image, why);
    if (!status && !(peer.capabilities & ALL_WAYS)) {
        snprintf(why, sizeof(why), "it can claim slots in none of the ways that the host knows");
        status = FR_ERR_PERMISSION;
    }
    if (!status) {
        greet(host, process, &peer);
        return;
    }
    refuse(host, peer.pid, why);
    if (process)
        CloseHandle(process);
}

/* The handles are the source's from the courier's yes on. */
static void hand_over(struct courier_host *host, const struct parcel *parcel)
{
    fr_handle handle[FR_MSG_HANDLES_MAX];
    enum fr_object_kind kind[FR_MSG_HANDLES_MAX];
    struct fr_gift gift;
    const size_t count = fr_msg_list_handles(&parcel->delivery, handle, kind);
    fr_status status = fr_remote_give(host->process, handle, kind, count, &gift);
    if (status == FR_OK) {
        const fr_win32_ring ring = request_of(host, &parcel->delivery, &gift);
        status = host->courier.deliver(host->courier.user, &ring);
        if (status != FR_OK)
            fr_remote_take_back(host->process, &gift);
    }
    if (status == FR_OK)
        return;
    fr_log_write(&host->log, FR_LOG_WARNING,
                 "generation %" PRIu32 " of target %" PRIu32 " could not be handed to its source: %s; "
                 "tried again",
                 parcel->delivery.generation, host->target_id, fr_status_text(status));
    lose_source(host);
}

/* False: the host ends. */
static bool look_at_shared(struct courier_host *host, struct parcel *parcel, bool *may_greet)
{
    fr_mutex_lock(host->lock);
    const bool stop = host->shared.stop;
    *may_greet = !host->shared.gone && !host->shared.arrived;
    *parcel = host->shared.parcel;
    host->shared.parcel.present = false;
    fr_mutex_unlock(host->lock);
    return !stop;
}

static void wait(const struct courier_host *host, bool may_greet)
{
    const struct fr_os os = fr_os_native();
    const struct fr_event process = {.handle = (fr_handle)host->process};
    const struct fr_event *const events[] = {&host->wake, &process};
    const uint64_t now = now_ns();
    const uint64_t left = host->ask_at_ns > now ? host->ask_at_ns - now : 0;
    if (host->process)
        os.ops->wait(os.self, events, 2, UINT64_MAX);
    else
        os.ops->wait(os.self, events, 1, may_greet ? left : UINT64_MAX);
}

static void run(void *opaque)
{
    struct courier_host *host = opaque;
    struct parcel parcel;
    bool may_greet;
    while (look_at_shared(host, &parcel, &may_greet)) {
        if (host->process && WaitForSingleObject(host->process, 0) == WAIT_OBJECT_0)
            lose_source(host);
        else if (host->process && parcel.present && parcel.serial == host->serial)
            hand_over(host, &parcel);
        else if (!host->process && may_greet && now_ns() >= host->ask_at_ns)
            find_source(host);
        else if (!parcel.present)
            wait(host, may_greet);
        parcel_finish(&parcel);
    }
    parcel_finish(&parcel);
    if (host->process)
        CloseHandle(host->process);
}

/* ---- the frame thread ---- */

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct courier_host *host = self;
    host->notify = *notify;
    fr_status status = host->observers.ops->start(host->observers.self, notify);
    if (status)
        return status;
    status = fr_thread_start(&host->thread, "fr-courier", run, host);
    if (status)
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot start the thread of target %" PRIu32 ": %s",
                     host->target_id, fr_status_text(status));
    return status;
}

static bool take_news(struct courier_host *host, struct fr_host_news *out)
{
    if (host->shared.refused) {
        host->shared.refused = false;
        *out = (struct fr_host_news){
            .kind = FR_HOST_NEWS_REFUSED, .at_ns = now_ns(), .reason = FR_ERR_PERMISSION};
        return true;
    }
    if (host->shared.arrived) {
        host->shared.arrived = false;
        host->shared.heard_serial = host->shared.arrived_serial;
        *out = host->shared.arrived_news;
        return true;
    }
    if (host->shared.gone) {
        host->shared.gone = false;
        host->shared.heard_serial = 0;
        *out = host->shared.gone_news;
        return true;
    }
    return false;
}

static fr_status host_poll(void *self, struct fr_host_news *out)
{
    struct courier_host *host = self;
    memset(out, 0, sizeof(*out));
    fr_mutex_lock(host->lock);
    const bool found = take_news(host, out);
    fr_mutex_unlock(host->lock);
    if (!found)
        return host->observers.ops->poll(host->observers.self, out);
    if (out->kind == FR_HOST_NEWS_GONE)
        signal_event(&host->wake); /* the next source may be greeted now */
    return FR_OK;
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct courier_host *host = self;
    struct parcel parcel;
    fr_status status = parcel_init(&parcel, delivery);
    if (status) {
        fr_log_write(&host->log, FR_LOG_ERROR,
                     "cannot keep the ring of target %" PRIu32 " for its source: %s", host->target_id,
                     fr_status_text(status));
    } else {
        fr_mutex_lock(host->lock);
        struct parcel before = host->shared.parcel;
        parcel.serial = host->shared.heard_serial;
        host->shared.parcel = parcel;
        fr_mutex_unlock(host->lock);
        parcel_finish(&before);
        signal_event(&host->wake);
    }
    const fr_status observed = host->observers.ops->deliver(host->observers.self, delivery);
    return status ? status : observed;
}

static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    struct courier_host *host = self;
    return host->observers.ops->object_name(host->observers.self, kind, generation, index);
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
    struct courier_host *host = self;
    const struct fr_os os = fr_os_native();
    if (host->lock) {
        fr_mutex_lock(host->lock);
        host->shared.stop = true;
        fr_mutex_unlock(host->lock);
    }
    if (host->thread)
        signal_event(&host->wake);
    fr_thread_join(&host->thread);
    if (host->observers.ops)
        host->observers.ops->destroy(host->observers.self);
    parcel_finish(&host->shared.parcel);
    fr_mutex_destroy(&host->lock);
    os.ops->event_close(os.self, &host->wake);
    free(host);
}

static const struct fr_host_channel_ops host_ops = {
    .start = host_start,
    .poll = host_poll,
    .deliver = host_deliver,
    .object_name = host_object_name,
    .request_hdr = host_request_hdr,
    .invite = host_invite,
    .destroy = host_destroy,
};

static fr_status init(struct courier_host *host, const struct fr_courier_host_params *params)
{
    const struct fr_os os = fr_os_native();
    if (!params->courier.find_source || !params->courier.deliver) {
        fr_log_write(&host->log, FR_LOG_ERROR, "a courier needs the functions find_source and deliver");
        return FR_ERR_ARGUMENT;
    }
    if (params->source_image && !fr_wide(params->source_image, host->image, IMAGE_CHARS)) {
        fr_log_write(&host->log, FR_LOG_ERROR, "the path of the source's image is too long, or is not UTF-8");
        return FR_ERR_ARGUMENT;
    }
    host->lock = fr_mutex_create();
    if (!host->lock)
        return FR_ERR_NO_MEMORY;
    const fr_status status = os.ops->event_create(os.self, NULL, &host->wake);
    if (status)
        return status;
    const struct fr_pipe_host_params observers = {
        .target_id = params->target_id,
        .prefix = params->prefix,
        .observers_only = true,
        .sddl = params->sddl,
        .log = params->log,
    };
    return fr_pipe_host_create(&host->observers, &observers);
}

fr_status fr_courier_host_create(struct fr_host_channel *out, const struct fr_courier_host_params *params)
{
    *out = (struct fr_host_channel){0};
    struct courier_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->target_id = params->target_id;
    host->courier = params->courier;
    host->log = params->log;
    host->wake.handle = FR_HANDLE_NONE;
    const fr_status status = init(host, params);
    if (status) {
        host_destroy(host);
        return status;
    }
    *out = (struct fr_host_channel){.ops = &host_ops, .self = host, .wire_version = 2};
    return FR_OK;
}
