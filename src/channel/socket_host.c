/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/socket_host.h"

#include "common/log.h"
#include "os/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A source that leaves about twenty packets unread does not live; without the bound each would keep a ring
 * alive. */
enum { SEND_BUFFER_BYTES = 8192 };

uint64_t fr_host_now(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static void signal_event(const struct fr_event *event)
{
    const struct fr_os os = fr_os_native();
    os.ops->event_signal(os.self, event);
}

void fr_host_notify(struct fr_socket_host *host)
{
    signal_event(&host->notify);
}

bool fr_host_take_claim(struct fr_socket_host *host)
{
    fr_mutex_lock(host->lock);
    const bool free_claim = !host->shared.claimed;
    host->shared.claimed = true;
    fr_mutex_unlock(host->lock);
    return free_claim;
}

struct fr_peer *fr_peer_create(int fd, enum fr_peer_state state)
{
    struct fr_peer *peer = calloc(1, sizeof(*peer));
    if (!peer) {
        close(fd);
        return NULL;
    }
    peer->fd = fd;
    peer->refs = 1;
    peer->state = state;
    peer->process_fd = -1;
    const int bytes = SEND_BUFFER_BYTES;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    fr_packet_prepare(fd);
    return peer;
}

void fr_peer_ref(struct fr_peer *peer)
{
    fr_add_acq_rel_u32(&peer->refs, 1);
}

void fr_peer_unref(struct fr_peer *peer)
{
    if (!peer || fr_sub_acq_rel_u32(&peer->refs, 1))
        return;
    close(peer->fd);
    if (peer->process_fd >= 0)
        close(peer->process_fd);
    free(peer);
}

void fr_ring_share_unref(struct fr_ring_share *share)
{
    if (!share || fr_sub_acq_rel_u32(&share->refs, 1))
        return;
    close(share->fd);
    free(share);
}

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct fr_socket_host *host = self;
    host->notify = *notify;
    char name[16];
    snprintf(name, sizeof(name), "fr-chan-%" PRIu32, host->target_id);
    const fr_status status = fr_thread_start(&host->thread, name, fr_host_run, host);
    if (status)
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot start the thread of target %" PRIu32 ": %s",
                     host->target_id, fr_status_text(status));
    return status;
}

static fr_status take_news(struct fr_host_shared *shared, struct fr_host_news *out, struct fr_peer **dropped)
{
    if (shared->num_refused) {
        *out = (struct fr_host_news){
            .kind = FR_HOST_NEWS_REFUSED, .at_ns = fr_host_now(), .reason = shared->refused[0]};
        shared->num_refused--;
        memmove(shared->refused, shared->refused + 1, shared->num_refused * sizeof(shared->refused[0]));
        return FR_OK;
    }
    if (shared->arrived) {
        *out = shared->arrived_news;
        *dropped = shared->source;
        shared->source = shared->arrived;
        shared->arrived = NULL;
        return FR_OK;
    }
    if (shared->has_display) {
        *out = shared->display_news;
        shared->has_display = false;
        return FR_OK;
    }
    if (shared->gone) {
        *out = shared->gone_news;
        *dropped = shared->source;
        shared->source = NULL;
        shared->gone = false;
        return FR_OK;
    }
    return FR_AGAIN;
}

static fr_status host_poll(void *self, struct fr_host_news *out)
{
    struct fr_socket_host *host = self;
    struct fr_peer *dropped = NULL;
    memset(out, 0, sizeof(*out));
    fr_mutex_lock(host->lock);
    const fr_status status = take_news(&host->shared, out, &dropped);
    fr_mutex_unlock(host->lock);
    fr_peer_unref(dropped);
    if (!status && out->kind == FR_HOST_NEWS_GONE)
        signal_event(&host->wake); /* a waiting source may be admitted now */
    return status;
}

static struct fr_peer *source_ref(struct fr_socket_host *host)
{
    fr_mutex_lock(host->lock);
    struct fr_peer *peer = host->shared.source;
    if (peer)
        fr_peer_ref(peer);
    fr_mutex_unlock(host->lock);
    return peer;
}

static fr_status send_to_source(struct fr_peer *peer, const union fr_msg *msg, size_t bytes, const int *fds,
                                size_t num_fds)
{
    const fr_status status = fr_packet_send(peer->fd, msg, bytes, fds, num_fds);
    if (status == FR_AGAIN) {
        fr_store_release_u32(&peer->stalled, 1); /* partner: how_it_ended of the channel thread */
        shutdown(peer->fd, SHUT_RDWR);
        return FR_OK;
    }
    return status == FR_END ? FR_OK : status;
}

/* A read-only descriptor of the same memory: a duplicate would keep our right to write. */
static struct fr_ring_share *share_ring(const struct fr_socket_host *host, const struct fr_delivery *delivery)
{
    struct fr_ring_share *share = calloc(1, sizeof(*share));
    if (!share)
        return NULL;
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)delivery->header);
    share->refs = 1;
    share->bytes = fr_msg_put_observer_ring(&share->msg, delivery);
    share->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (share->fd >= 0)
        return share;
    fr_log_write(&host->log, FR_LOG_WARNING,
                 "observers cannot watch target %" PRIu32 ": opening %s failed (%s)", host->target_id, path,
                 strerror(errno));
    free(share);
    return NULL;
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct fr_socket_host *host = self;
    fr_status status = FR_OK;
    struct fr_peer *source = source_ref(host);
    if (source) {
        union fr_msg msg;
        const size_t bytes = fr_msg_put_ring(&msg, delivery);
        const int fds[FR_MSG_RING_HANDLES] = {(int)delivery->header, (int)delivery->slots,
                                              (int)delivery->event};
        status = send_to_source(source, &msg, bytes, fds, FR_MSG_RING_HANDLES);
        fr_peer_unref(source);
        if (status < 0)
            fr_log_write(&host->log, FR_LOG_ERROR,
                         "cannot hand the ring of target %" PRIu32 " to its source: %s", host->target_id,
                         fr_status_text(status));
    }

    struct fr_ring_share *share = share_ring(host, delivery);
    fr_mutex_lock(host->lock);
    struct fr_ring_share *before = host->shared.ring;
    host->shared.ring = share;
    host->shared.ring_serial++;
    fr_mutex_unlock(host->lock);
    fr_ring_share_unref(before);
    signal_event(&host->wake);
    return status;
}

static fr_status host_request_hdr(void *self, bool on)
{
    struct fr_socket_host *host = self;
    struct fr_peer *source = source_ref(host);
    if (!source)
        return FR_AGAIN;
    union fr_msg msg;
    const size_t bytes = fr_msg_init(&msg, FR_MSG_HDR);
    msg.hdr.on = on;
    const fr_status status = send_to_source(source, &msg, bytes, NULL, 0);
    fr_peer_unref(source);
    return status;
}

static fr_status host_invite(void *self, int *out)
{
    struct fr_socket_host *host = self;
    *out = -1;
    if (!fr_host_take_claim(host))
        return FR_ERR_TARGET_BUSY;

    int ends[2];
    struct fr_peer *peer = NULL;
    fr_status status = FR_ERR_NO_MEMORY;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends)) {
        status = errno == EMFILE || errno == ENFILE || errno == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    } else {
        peer = fr_peer_create(ends[0], FR_PEER_INVITED);
        if (!peer)
            close(ends[1]);
    }

    fr_mutex_lock(host->lock);
    host->shared.invited = peer;
    host->shared.claimed = peer != NULL;
    fr_mutex_unlock(host->lock);
    if (!peer) {
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot make a socket for a source of target %" PRIu32 ": %s",
                     host->target_id, fr_status_text(status));
        return status;
    }
    *out = ends[1];
    signal_event(&host->wake);
    return FR_OK;
}

static void host_destroy(void *self)
{
    struct fr_socket_host *host = self;
    const struct fr_os os = fr_os_native();
    if (host->lock) {
        fr_mutex_lock(host->lock);
        host->shared.stop = true;
        fr_mutex_unlock(host->lock);
    }
    if (host->thread)
        signal_event(&host->wake);
    fr_thread_join(&host->thread);
    fr_target_claim_finish(&host->claim);

    fr_peer_unref(host->shared.invited);
    fr_peer_unref(host->shared.arrived);
    fr_peer_unref(host->shared.source);
    fr_ring_share_unref(host->shared.ring);
    fr_mutex_destroy(&host->lock);
    os.ops->event_close(os.self, &host->wake);
    free(host);
}

/* Descriptors are passed, nothing needs a name. */
static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    (void)self, (void)kind, (void)generation, (void)index;
    return NULL;
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

fr_status fr_socket_host_create(struct fr_host_channel *out, const struct fr_socket_host_params *params)
{
    *out = (struct fr_host_channel){0};
    if (params->num_allow_uids > FR_HOST_ALLOW_MAX || (params->num_allow_uids && !params->allow_uids))
        return FR_ERR_ARGUMENT;
    struct fr_socket_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->target_id = params->target_id;
    host->log = params->log;
    host->wake.handle = FR_HANDLE_NONE;
    host->claim = (struct fr_target_claim){.dir_fd = -1, .lock_fd = -1, .listen_fd = -1};
    host->num_allow_uids = params->num_allow_uids;
    for (uint32_t i = 0; i < params->num_allow_uids; i++)
        host->allow_uids[i] = params->allow_uids[i];

    const struct fr_os os = fr_os_native();
    fr_status status = os.ops->event_create(os.self, NULL, &host->wake);
    host->lock = fr_mutex_create();
    if (!host->lock)
        status = FR_ERR_NO_MEMORY;
    if (status)
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot open target %" PRIu32 ": %s", host->target_id,
                     fr_status_text(status));
    else if (!params->no_socket)
        status = fr_target_claim_init(&host->claim, params->runtime_dir, params->target_id,
                                      params->num_allow_uids > 0, &host->log);
    if (status) {
        host_destroy(host);
        return status;
    }
    *out = (struct fr_host_channel){.ops = &host_ops, .self = host, .wire_version = 2};
    return FR_OK;
}
