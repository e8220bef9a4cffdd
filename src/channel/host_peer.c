/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/host.h"

#include "common/log.h"
#include "os/atomic.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* So many, then the others have their turn: a flood from one peer must not starve them. */
enum { PACKETS_A_ROUND = 16 };

enum { WHO_BYTES = 80 };

static const char *who(const struct fr_peer *peer, char text[WHO_BYTES])
{
    switch (peer->state) {
    case FR_PEER_SOURCE:
    case FR_PEER_WAITING:
        snprintf(text, WHO_BYTES, "source '%s' (pid %" PRIu32 ")", peer->name, peer->pid);
        break;
    case FR_PEER_OBSERVER: snprintf(text, WHO_BYTES, "an observer (pid %" PRIu32 ")", peer->pid); break;
    case FR_PEER_INVITED: snprintf(text, WHO_BYTES, "the source that was started"); break;
    case FR_PEER_PENDING: snprintf(text, WHO_BYTES, "a connection (pid %" PRIu32 ")", peer->pid); break;
    }
    return text;
}

bool fr_host_add_peer(struct fr_host *host, struct fr_peer *peer)
{
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        if (!host->peers[i]) {
            host->peers[i] = peer;
            return true;
        }
    }
    return false;
}

size_t fr_host_count_peers(const struct fr_host *host, enum fr_peer_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
        count += host->peers[i] && host->peers[i]->state == state;
    return count;
}

/* Ends the connection. If it was the source, or was to be, the frame thread hears `reason`. */
static void remove_peer(struct fr_host *host, size_t slot, fr_status reason)
{
    struct fr_peer *peer = host->peers[slot];
    const bool had_claim =
        peer->state == FR_PEER_SOURCE || peer->state == FR_PEER_WAITING || peer->state == FR_PEER_INVITED;
    /* Nobody heard of a waiting one yet. */
    const bool is_news = had_claim && peer->state != FR_PEER_WAITING;
    host->peers[slot] = NULL;
    fr_link_hang_up(peer->link);
    if (had_claim) {
        fr_mutex_lock(host->lock);
        host->shared.claimed = false;
        if (is_news) {
            host->shared.gone = true;
            host->shared.gone_news =
                (struct fr_host_news){.kind = FR_HOST_NEWS_GONE, .at_ns = fr_host_now(), .reason = reason};
        }
        fr_mutex_unlock(host->lock);
    }
    fr_peer_unref(peer);
    if (is_news)
        fr_host_notify(host);
}

void fr_host_post_refused(struct fr_host *host, fr_status reason)
{
    struct fr_host_shared *shared = &host->shared;
    fr_mutex_lock(host->lock);
    bool known = false;
    for (size_t i = 0; i < shared->num_refused; i++)
        known = known || shared->refused[i] == reason;
    if (!known && shared->num_refused < FR_HOST_REFUSED_MAX)
        shared->refused[shared->num_refused++] = reason;
    fr_mutex_unlock(host->lock);
    fr_host_notify(host);
}

void fr_host_refuse(struct fr_host *host, size_t slot, fr_status reason, const char *text)
{
    struct fr_peer *peer = host->peers[slot];
    const bool candidate =
        !peer->watches && (peer->state == FR_PEER_PENDING || peer->state == FR_PEER_INVITED);
    char name[WHO_BYTES];
    if (candidate)
        fr_host_post_refused(host, reason);
    fr_link_send_refuse(peer->link, reason, text);
    fr_log_write(&host->log, FR_LOG_WARNING, "target %" PRIu32 " turned %s away: %s", host->target_id,
                 who(peer, name), text);
    remove_peer(host, slot, reason);
}

void fr_host_expire(struct fr_host *host, size_t slot)
{
    fr_host_refuse(host, slot, FR_ERR_PROTOCOL, "it said no HELLO within one second");
}

static void break_off(struct fr_host *host, size_t slot, const char *fault)
{
    struct fr_peer *peer = host->peers[slot];
    char text[160];
    snprintf(text, sizeof(text), "it sent %s", fault);
    if (peer->state == FR_PEER_PENDING || peer->state == FR_PEER_INVITED) {
        fr_host_refuse(host, slot, FR_ERR_PROTOCOL, text);
        return;
    }
    char name[WHO_BYTES];
    fr_link_send_refuse(peer->link, FR_ERR_PROTOCOL, text);
    fr_log_write(&host->log, FR_LOG_WARNING, "target %" PRIu32 " disconnected %s: %s", host->target_id,
                 who(peer, name), text);
    remove_peer(host, slot, FR_ERR_PROTOCOL);
}

static void hang_up(struct fr_host *host, size_t slot, bool goodbye)
{
    struct fr_peer *peer = host->peers[slot];
    char name[WHO_BYTES];
    who(peer, name);
    if (fr_load_acquire_u32(&peer->stalled)) { /* partner: sent */
        fr_log_write(&host->log, FR_LOG_WARNING,
                     "target %" PRIu32 " disconnected %s: it does not read its messages", host->target_id,
                     name);
        remove_peer(host, slot, FR_ERR_PROTOCOL);
        return;
    }
    /* No more than DEBUG: who takes the news tells people what it means. */
    if (peer->state == FR_PEER_PENDING || peer->state == FR_PEER_OBSERVER)
        fr_log_write(&host->log, FR_LOG_DEBUG, "target %" PRIu32 ": %s left", host->target_id, name);
    else if (goodbye)
        fr_log_write(&host->log, FR_LOG_DEBUG, "target %" PRIu32 ": %s said goodbye", host->target_id, name);
    else
        fr_log_write(&host->log, FR_LOG_DEBUG, "target %" PRIu32 ": %s went away without a goodbye",
                     host->target_id, name);
    remove_peer(host, slot, goodbye ? FR_END : FR_ERR_SOURCE_DIED);
}

static void set_display(struct fr_host *host, const fr_display_descriptor *display)
{
    struct fr_host_shared *shared = &host->shared;
    const struct fr_host_news news = {
        .kind = FR_HOST_NEWS_DISPLAY, .at_ns = fr_host_now(), .has_display = true, .display = *display};
    fr_mutex_lock(host->lock);
    if (shared->arrived) {
        /* Not yet heard of: one ring less is made if it arrives with its newest display. */
        shared->arrived_news.has_display = true;
        shared->arrived_news.display = *display;
    } else {
        shared->has_display = true;
        shared->display_news = news;
    }
    fr_mutex_unlock(host->lock);
    fr_host_notify(host);
}

static void put_welcome(const struct fr_host *host, const struct fr_msg_hello *hello, union fr_msg *out)
{
    fr_msg_init(out, FR_MSG_WELCOME);
    struct fr_msg_welcome *welcome = &out->welcome;
    fr_msg_versions(hello, &welcome->protocol, &welcome->wire);
    welcome->target_id = host->target_id;
    welcome->pid = fr_os_process_id();
    welcome->capabilities = hello->capabilities & host->capabilities;
}

/* False: it is gone or was refused, and removed. */
static bool admit(struct fr_host *host, size_t slot, const struct fr_msg_hello *hello)
{
    struct fr_peer *peer = host->peers[slot];
    char why[FR_GATE_WHY_BYTES];
    const fr_status status =
        fr_gate_admit(host->gate, peer->link, hello, peer->state == FR_PEER_INVITED, &peer->pid, why);
    if (status < 0)
        fr_host_refuse(host, slot, status, why);
    else if (status == FR_END)
        hang_up(host, slot, false);
    return status == FR_OK;
}

static void welcome_observer(struct fr_host *host, size_t slot, const struct fr_msg_hello *hello)
{
    struct fr_peer *peer = host->peers[slot];
    if (peer->state == FR_PEER_INVITED) {
        break_off(host, slot, "an observer's HELLO where a source was invited");
        return;
    }
    if (fr_host_count_peers(host, FR_PEER_OBSERVER) >= FR_HOST_OBSERVERS_MAX) {
        fr_host_refuse(host, slot, FR_ERR_REFUSED, "there are too many observers already");
        return;
    }
    if (!admit(host, slot, hello))
        return;
    put_welcome(host, hello, &peer->welcome);
    (void)fr_link_send(peer->link, &peer->welcome);
    peer->state = FR_PEER_OBSERVER;
    peer->ring_serial = 0;
    fr_host_serve_observers(host);
}

static void refuse_second(struct fr_host *host, size_t slot)
{
    char text[160];
    snprintf(text, sizeof(text), "target %" PRIu32 " waits for a source that its host started",
             host->target_id);
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (peer && (peer->state == FR_PEER_SOURCE || peer->state == FR_PEER_WAITING))
            snprintf(text, sizeof(text), "target %" PRIu32 " already has a source (pid %" PRIu32 ", %s)",
                     host->target_id, peer->pid, peer->name);
    }
    fr_host_refuse(host, slot, FR_ERR_TARGET_BUSY, text);
}

static bool take_claim(struct fr_host *host, size_t slot)
{
    if (host->peers[slot]->state == FR_PEER_INVITED || fr_host_take_claim(host))
        return true;
    refuse_second(host, slot);
    return false;
}

static void welcome_source(struct fr_host *host, size_t slot, const struct fr_msg_hello *hello)
{
    struct fr_peer *peer = host->peers[slot];
    if (host->observers_only) {
        fr_host_refuse(host, slot, FR_ERR_REFUSED,
                       "the source of this target gets its rings from the host's program, not here");
        return;
    }
    if (!(hello->capabilities & host->capabilities & FR_CAP_WAYS)) {
        fr_host_refuse(host, slot, FR_ERR_VERSION,
                       "the source can claim slots in none of the ways that the host knows");
        return;
    }
    if (!admit(host, slot, hello) || !take_claim(host, slot))
        return;
    memcpy(peer->name, hello->name, sizeof(peer->name));
    peer->has_display = hello->flags & FR_MSG_HELLO_DISPLAY;
    if (peer->has_display)
        peer->display = fr_msg_get_display(&hello->display);
    peer->capabilities = hello->capabilities & host->capabilities;
    peer->gpu = fr_msg_get_gpu(&hello->gpu);
    put_welcome(host, hello, &peer->welcome);
    peer->state = FR_PEER_WAITING;
    fr_host_admit(host);
}

static void handle_hello(struct fr_host *host, size_t slot, const struct fr_packet *packet)
{
    struct fr_peer *peer = host->peers[slot];
    const struct fr_msg_hello *hello = &packet->msg.hello;
    char text[200];
    uint32_t protocol, wire;
    if (packet->pid)
        peer->pid = packet->pid;
    /* Zero where the HELLO was too short to say it. */
    peer->watches = hello->role == FR_MSG_ROLE_OBSERVER;
    if (!fr_msg_versions(hello, &protocol, &wire)) {
        snprintf(text, sizeof(text),
                 "no common version: the host speaks protocol %u to %u and wire %u to %u, the peer protocol "
                 "%" PRIu32 " to %" PRIu32 " and wire %" PRIu32 " to %" PRIu32,
                 FR_MSG_PROTOCOL_MIN, FR_MSG_PROTOCOL_MAX, FR_MSG_WIRE_MIN, FR_MSG_WIRE_MAX,
                 hello->protocol_min, hello->protocol_max, hello->wire_min, hello->wire_max);
        fr_host_refuse(host, slot, FR_ERR_VERSION, text);
    } else if (!(hello->flags & FR_MSG_HELLO_ANY_TARGET) && hello->target_id != host->target_id) {
        snprintf(text, sizeof(text), "it asked for target %" PRIu32 ", this is target %" PRIu32,
                 hello->target_id, host->target_id);
        fr_host_refuse(host, slot, FR_ERR_REFUSED, text);
    } else if (hello->role == FR_MSG_ROLE_OBSERVER) {
        welcome_observer(host, slot, hello);
    } else {
        welcome_source(host, slot, hello);
    }
}

static void handle(struct fr_host *host, size_t slot, const struct fr_packet *packet)
{
    const struct fr_peer *peer = host->peers[slot];
    const char *fault = packet->fault;
    if (!fault)
        fault = fr_msg_check(&packet->msg, packet->bytes, packet->num_handles, FR_MSG_ROLE_HOST);
    if (fault) {
        break_off(host, slot, fault);
        return;
    }
    const uint32_t type = packet->msg.head.type;
    const bool new_one = peer->state == FR_PEER_PENDING || peer->state == FR_PEER_INVITED;
    if (type == FR_MSG_BYE) {
        hang_up(host, slot, true);
    } else if (type == FR_MSG_HELLO && new_one) {
        handle_hello(host, slot, packet);
    } else if (type == FR_MSG_DISPLAY && peer->state == FR_PEER_SOURCE) {
        const fr_display_descriptor display = fr_msg_get_display(&packet->msg.display.display);
        set_display(host, &display);
    } else {
        char text[64];
        snprintf(text, sizeof(text), "%s where it does not belong", fr_msg_name(type));
        break_off(host, slot, text);
    }
}

void fr_host_serve_peer(struct fr_host *host, size_t slot, bool died)
{
    const struct fr_peer *peer = host->peers[slot];
    if (peer->state == FR_PEER_WAITING) {
        /* What it says next belongs to its time as the source. */
        if (died || fr_link_hung_up(peer->link))
            hang_up(host, slot, false);
        return;
    }
    /* What it said before it died counts: the packets first, then the end. */
    for (int i = 0; i < PACKETS_A_ROUND; i++) {
        struct fr_packet packet;
        const fr_status status = fr_link_receive(peer->link, &packet);
        if (status == FR_END || (status == FR_AGAIN && died)) {
            hang_up(host, slot, false);
            return;
        }
        if (status != FR_OK)
            return;
        handle(host, slot, &packet);
        fr_packet_finish(&packet);
        if (host->peers[slot] != peer || peer->state == FR_PEER_WAITING)
            return;
    }
}

void fr_host_admit(struct fr_host *host)
{
    size_t slot = 0;
    while (slot < FR_HOST_PEERS_MAX && !(host->peers[slot] && host->peers[slot]->state == FR_PEER_WAITING))
        slot++;
    if (slot == FR_HOST_PEERS_MAX)
        return;
    fr_mutex_lock(host->lock);
    const bool wait = host->shared.gone;
    fr_mutex_unlock(host->lock);
    if (wait)
        return;

    struct fr_peer *peer = host->peers[slot];
    struct fr_host_news news = {.kind = FR_HOST_NEWS_SOURCE,
                                .at_ns = fr_host_now(),
                                .has_display = peer->has_display,
                                .display = peer->display,
                                .capabilities = peer->capabilities,
                                .gpu = peer->gpu,
                                .on_gpu = peer->gpu.present || (peer->capabilities & FR_CAP_GPU_WAYS),
                                .pid = peer->pid};
    memcpy(news.name, peer->name, sizeof(news.name));
    /* Before the news, so that it is under way before a ring can be. */
    (void)fr_link_send(peer->link, &peer->welcome);
    peer->state = FR_PEER_SOURCE;
    fr_peer_ref(peer);
    fr_mutex_lock(host->lock);
    host->shared.arrived = peer;
    host->shared.arrived_news = news;
    fr_mutex_unlock(host->lock);
    fr_host_notify(host);
    char name[WHO_BYTES];
    fr_log_write(&host->log, FR_LOG_DEBUG, "target %" PRIu32 ": %s connected", host->target_id,
                 who(peer, name));
}

static void send_ring(struct fr_host *host, size_t slot, const struct fr_ring_share *share, uint32_t serial)
{
    struct fr_peer *peer = host->peers[slot];
    peer->ring_serial = serial;
    if (!share)
        return;
    if (fr_link_send_header(peer->link, &share->msg, share->header) != FR_AGAIN)
        return;
    fr_log_write(&host->log, FR_LOG_WARNING,
                 "target %" PRIu32 " disconnected an observer (pid %" PRIu32 "): it does not read",
                 host->target_id, peer->pid);
    remove_peer(host, slot, FR_ERR_PROTOCOL);
}

void fr_host_serve_observers(struct fr_host *host)
{
    if (!fr_host_count_peers(host, FR_PEER_OBSERVER))
        return;
    fr_mutex_lock(host->lock);
    struct fr_ring_share *share = host->shared.ring;
    const uint32_t serial = host->shared.ring_serial;
    if (share)
        fr_add_acq_rel_u32(&share->refs, 1);
    fr_mutex_unlock(host->lock);
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (peer && peer->state == FR_PEER_OBSERVER && peer->ring_serial != serial)
            send_ring(host, i, share, serial);
    }
    fr_ring_share_unref(share);
}

void fr_host_say_goodbye(struct fr_host *host)
{
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        struct fr_peer *peer = host->peers[i];
        if (!peer)
            continue;
        fr_link_send_bye(peer->link);
        fr_link_hang_up(peer->link);
        host->peers[i] = NULL;
        fr_peer_unref(peer);
    }
}
