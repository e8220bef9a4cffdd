/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/host.h"

#include "common/log.h"
#include "os/atomic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void fr_host_notify(struct fr_host *host)
{
    /* Pairs with the acquire in host_poll. */
    fr_store_release_u32(&host->news, 1);
    signal_event(&host->notify);
}

bool fr_host_take_claim(struct fr_host *host)
{
    fr_mutex_lock(host->lock);
    const bool free_claim = !host->shared.claimed;
    host->shared.claimed = true;
    fr_mutex_unlock(host->lock);
    return free_claim;
}

struct fr_peer *fr_peer_create(struct fr_link *link, enum fr_peer_state state)
{
    struct fr_peer *peer = calloc(1, sizeof(*peer));
    if (!peer) {
        fr_link_destroy(link);
        return NULL;
    }
    peer->link = link;
    peer->refs = 1;
    peer->state = state;
    /* We made both ends of an invited one. */
    peer->pid = state == FR_PEER_INVITED ? 0 : fr_link_pid(link);
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
    fr_link_destroy(peer->link);
    free(peer);
}

void fr_ring_share_unref(struct fr_ring_share *share)
{
    if (!share || fr_sub_acq_rel_u32(&share->refs, 1))
        return;
    const struct fr_os os = fr_os_native();
    os.ops->handle_close(os.self, share->header);
    free(share);
}

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct fr_host *host = self;
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
    struct fr_host *host = self;
    struct fr_peer *dropped = NULL;
    out->kind = FR_HOST_NEWS_NONE;
    /* An idle frame thread asks sixty times a second, and nearly always for nothing. */
    if (!fr_load_acquire_u32(&host->news))
        return FR_AGAIN;
    memset(out, 0, sizeof(*out));
    fr_mutex_lock(host->lock);
    const fr_status status = take_news(&host->shared, out, &dropped);
    if (status != FR_OK)
        fr_store_relaxed_u32(&host->news, 0); /* who tells more does so under the lock, and sets it after */
    fr_mutex_unlock(host->lock);
    fr_peer_unref(dropped);
    if (!status && out->kind == FR_HOST_NEWS_GONE)
        signal_event(&host->wake); /* a waiting source may be admitted now */
    return status;
}

static struct fr_peer *source_ref(struct fr_host *host)
{
    fr_mutex_lock(host->lock);
    struct fr_peer *peer = host->shared.source;
    if (peer)
        fr_peer_ref(peer);
    fr_mutex_unlock(host->lock);
    return peer;
}

/* What became of a send to the source: whether it lives, the channel thread says. */
static fr_status sent(struct fr_peer *peer, fr_status status)
{
    if (status == FR_AGAIN) {
        fr_store_release_u32(&peer->stalled, 1); /* partner: hang_up of the channel thread */
        fr_link_give_up(peer->link);
        return FR_OK;
    }
    return status == FR_END ? FR_OK : status;
}

static struct fr_ring_share *share_ring(const struct fr_host *host, const struct fr_delivery *delivery)
{
    struct fr_ring_share *share = calloc(1, sizeof(*share));
    if (!share)
        return NULL;
    const char *why = "";
    share->refs = 1;
    fr_msg_put_observer_ring(&share->msg, delivery);
    if (fr_link_share_header(delivery->header, &share->header, &why) == FR_OK)
        return share;
    fr_log_write(&host->log, FR_LOG_WARNING, "observers cannot watch target %" PRIu32 ": %s", host->target_id,
                 why);
    free(share);
    return NULL;
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct fr_host *host = self;
    fr_status status = FR_OK;
    struct fr_peer *source = source_ref(host);
    if (source) {
        status = sent(source, fr_link_send_ring(source->link, delivery));
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
    struct fr_host *host = self;
    struct fr_peer *source = source_ref(host);
    if (!source)
        return FR_AGAIN;
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_HDR);
    msg.hdr.on = on;
    const fr_status status = sent(source, fr_link_send(source->link, &msg));
    fr_peer_unref(source);
    return status;
}

static fr_status host_invite(void *self, int *out)
{
    struct fr_host *host = self;
    *out = -1;
    if (!fr_host_take_claim(host))
        return FR_ERR_TARGET_BUSY;

    struct fr_link *link = NULL;
    struct fr_peer *peer = NULL;
    int theirs = -1;
    fr_status status = fr_gate_invite(host->gate, &link, &theirs);
    if (status == FR_OK && !(peer = fr_peer_create(link, FR_PEER_INVITED))) {
        const struct fr_os os = fr_os_native();
        os.ops->handle_close(os.self, theirs);
        status = FR_ERR_NO_MEMORY;
    }

    fr_mutex_lock(host->lock);
    host->shared.invited = peer;
    host->shared.claimed = peer != NULL;
    fr_mutex_unlock(host->lock);
    if (!peer) {
        fr_log_write(&host->log, FR_LOG_ERROR,
                     "cannot make a connection for a source of target %" PRIu32 ": %s", host->target_id,
                     fr_status_text(status));
        return status;
    }
    *out = theirs;
    signal_event(&host->wake);
    return FR_OK;
}

static void host_destroy(void *self)
{
    struct fr_host *host = self;
    const struct fr_os os = fr_os_native();
    if (host->lock) {
        fr_mutex_lock(host->lock);
        host->shared.stop = true;
        fr_mutex_unlock(host->lock);
    }
    if (host->thread)
        signal_event(&host->wake);
    fr_thread_join(&host->thread);
    fr_gate_destroy(host->gate);

    fr_peer_unref(host->shared.invited);
    fr_peer_unref(host->shared.arrived);
    fr_peer_unref(host->shared.source);
    fr_ring_share_unref(host->shared.ring);
    fr_mutex_destroy(&host->lock);
    os.ops->event_close(os.self, &host->wake);
    free(host);
}

static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    (void)generation, (void)index;
    struct fr_host *host = self;
    return fr_gate_object_name(host->gate, kind);
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

fr_status fr_host_create(struct fr_host_channel *out, const struct fr_host_params *params,
                         struct fr_gate *gate)
{
    *out = (struct fr_host_channel){0};
    struct fr_host *host = calloc(1, sizeof(*host));
    if (!host) {
        fr_gate_destroy(gate);
        return FR_ERR_NO_MEMORY;
    }
    host->target_id = params->target_id;
    host->capabilities = params->capabilities;
    host->observers_only = params->observers_only;
    host->log = params->log;
    host->gate = gate;
    host->wake.handle = FR_HANDLE_NONE;

    const struct fr_os os = fr_os_native();
    fr_status status = os.ops->event_create(os.self, NULL, &host->wake);
    host->lock = fr_mutex_create();
    if (!host->lock)
        status = FR_ERR_NO_MEMORY;
    if (status) {
        fr_log_write(&host->log, FR_LOG_ERROR, "cannot open target %" PRIu32 ": %s", host->target_id,
                     fr_status_text(status));
        host_destroy(host);
        return status;
    }
    *out = (struct fr_host_channel){.ops = &host_ops, .self = host, .wire_version = 2};
    return FR_OK;
}
