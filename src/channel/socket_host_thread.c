/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/socket_host.h"

#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ACCEPTS_A_ROUND = 16, FDS_MAX = 2 + 2 * FR_HOST_PEERS_MAX };

#define ACCEPT_PAUSE_NS (100 * FR_NS_PER_MS)

struct round {
    struct pollfd fds[FDS_MAX];
    nfds_t num_fds;
    nfds_t listen_at;                    /* in fds; 0 = not waited for */
    nfds_t socket_at[FR_HOST_PEERS_MAX]; /* 0 = no such peer */
    nfds_t process_at[FR_HOST_PEERS_MAX];
};

static nfds_t round_add(struct round *round, int fd, short events)
{
    round->fds[round->num_fds] = (struct pollfd){.fd = fd, .events = events};
    return round->num_fds++;
}

static void round_add_peer(struct round *round, const struct fr_peer *peer, size_t slot)
{
    /* What a waiting source says next belongs to its time as the source: only its hang-up counts. */
    const short events = peer->state == FR_PEER_WAITING ? 0 : POLLIN;
    round->socket_at[slot] = round_add(round, peer->fd, events);
    if (peer->process_fd >= 0)
        round->process_at[slot] = round_add(round, peer->process_fd, POLLIN);
}

/* The source comes last, because the kernel looks in this order, and is served first: when the HELLO of its
 * successor is seen, then so is its death, and the successor is not turned away as a second source. */
static void round_fill(struct round *round, const struct fr_socket_host *host, uint64_t now)
{
    memset(round, 0, sizeof(*round));
    round_add(round, (int)host->wake.handle, POLLIN);
    if (host->claim.listen_fd >= 0 && now >= host->accept_after_ns)
        round->listen_at = round_add(round, host->claim.listen_fd, POLLIN);
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
        if (host->peers[i] && host->peers[i]->state != FR_PEER_SOURCE)
            round_add_peer(round, host->peers[i], i);
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
        if (host->peers[i] && host->peers[i]->state == FR_PEER_SOURCE)
            round_add_peer(round, host->peers[i], i);
}

/* UINT64_MAX: nothing to wait for but events. */
static uint64_t next_deadline(const struct fr_socket_host *host, uint64_t now)
{
    uint64_t deadline = host->accept_after_ns > now ? host->accept_after_ns : UINT64_MAX;
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (peer && peer->state == FR_PEER_PENDING && peer->deadline_ns < deadline)
            deadline = peer->deadline_ns;
    }
    return deadline;
}

static void round_wait(struct round *round, const struct fr_socket_host *host, uint64_t now)
{
    const uint64_t deadline = next_deadline(host, now);
    const uint64_t left = deadline > now ? deadline - now : 0;
    const struct timespec timeout = {.tv_sec = (time_t)(left / FR_NS_PER_S),
                                     .tv_nsec = (long)(left % FR_NS_PER_S)};
    if (ppoll(round->fds, round->num_fds, deadline == UINT64_MAX ? NULL : &timeout, NULL) < 0)
        for (nfds_t i = 0; i < round->num_fds; i++)
            round->fds[i].revents = 0;
    if (round->fds[0].revents) {
        const struct fr_os os = fr_os_native();
        const struct fr_event *const events[] = {&host->wake};
        os.ops->wait(os.self, events, 1, 0);
    }
}

static void serve(struct fr_socket_host *host, const struct round *round, bool sources)
{
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (!peer || !round->socket_at[i] || (peer->state == FR_PEER_SOURCE) != sources)
            continue;
        const bool died = round->process_at[i] && round->fds[round->process_at[i]].revents;
        if (died || round->fds[round->socket_at[i]].revents)
            fr_host_serve_peer(host, i, died);
    }
}

static bool uid_allowed(const struct fr_socket_host *host, uid_t uid)
{
    if (uid == geteuid())
        return true;
    for (size_t i = 0; i < host->num_allow_uids; i++)
        if (host->allow_uids[i] == uid)
            return true;
    return false;
}

static void turn_away(struct fr_socket_host *host, struct fr_peer *peer, fr_status reason, const char *text)
{
    fr_host_post_refused(host, reason);
    fr_packet_send_refuse(peer->fd, reason, text);
    fr_log_write(&host->log, FR_LOG_WARNING, "turned a connection from pid %ld away: %s", (long)peer->pid,
                 text);
    shutdown(peer->fd, SHUT_RDWR);
    fr_peer_unref(peer);
}

static void receive_connection(struct fr_socket_host *host, int fd)
{
    struct fr_peer *peer = fr_peer_create(fd, FR_PEER_PENDING);
    if (!peer)
        return;
    uid_t uid = 0;
    char text[128];
    const bool known = fr_packet_peer(fd, &peer->pid, &uid);
    peer->deadline_ns = fr_host_now() + FR_HOST_HELLO_NS;
    if (!known || !uid_allowed(host, uid)) {
        snprintf(text, sizeof(text), "user %ld may not connect to target %" PRIu32, known ? (long)uid : -1L,
                 host->target_id);
        turn_away(host, peer, FR_ERR_PERMISSION, text);
    } else if (fr_host_count_peers(host, FR_PEER_PENDING) >= FR_HOST_PENDING_MAX ||
               !fr_host_add_peer(host, peer)) {
        snprintf(text, sizeof(text), "target %" PRIu32 " has too many connections that said nothing yet",
                 host->target_id);
        turn_away(host, peer, FR_ERR_REFUSED, text);
    }
}

/* One a round: those that left meanwhile are removed before they could count against the next. */
static void accept_connection(struct fr_socket_host *host)
{
    const int fd = accept4(host->claim.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        host->accept_after_ns = 0;
        receive_connection(host, fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        /* The connection stays readable: without a pause this would spin until a descriptor is free. */
        if (!host->accept_after_ns)
            fr_log_write(&host->log, FR_LOG_WARNING,
                         "target %" PRIu32 " cannot accept connections (%s): raise the limit of open files",
                         host->target_id, strerror(errno));
        host->accept_after_ns = fr_host_now() + ACCEPT_PAUSE_NS;
    }
}

/* False: the host ends. */
static bool look_at_shared(struct fr_socket_host *host)
{
    fr_mutex_lock(host->lock);
    const bool stop = host->shared.stop;
    struct fr_peer *invited = host->shared.invited;
    host->shared.invited = NULL;
    fr_mutex_unlock(host->lock);
    /* There is always room: one slot is beyond what accept and HELLO let in. */
    if (invited && !fr_host_add_peer(host, invited))
        fr_peer_unref(invited);
    return !stop;
}

void fr_host_run(void *opaque)
{
    struct fr_socket_host *host = opaque;
    while (look_at_shared(host)) {
        fr_host_admit(host);
        fr_host_serve_observers(host);
        const uint64_t now = fr_host_now();
        struct round round;
        round_fill(&round, host, now);
        round_wait(&round, host, now);

        serve(host, &round, true);
        serve(host, &round, false);
        const uint64_t after = fr_host_now();
        for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
            if (host->peers[i] && host->peers[i]->state == FR_PEER_PENDING &&
                after >= host->peers[i]->deadline_ns)
                fr_host_expire(host, i);
        if (round.listen_at && round.fds[round.listen_at].revents)
            accept_connection(host);
    }
    fr_host_say_goodbye(host);
}
