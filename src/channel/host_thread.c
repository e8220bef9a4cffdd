/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/host.h"

#include "common/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static_assert(2 + 2 * FR_HOST_PEERS_MAX <= FR_WAITS_MAX, "all can be waited for");

#define ACCEPT_PAUSE_NS (100 * FR_NS_PER_MS)

struct round {
    struct fr_waits waits;
    size_t wake, gate;
    size_t link[FR_HOST_PEERS_MAX], process[FR_HOST_PEERS_MAX];
};

static void round_add_peer(struct round *round, const struct fr_peer *peer, size_t slot)
{
    /* What a waiting source says next belongs to its time as the source: only its hang-up counts. */
    round->link[slot] = fr_waits_add_link(&round->waits, peer->link, peer->state != FR_PEER_WAITING);
    round->process[slot] = fr_waits_add_process(&round->waits, peer->link);
}

/* The source comes last, because the system looks in this order, and is served first: when the HELLO of its
 * successor is seen, then so is its death, and the successor is not turned away as a second source. */
static void round_fill(struct round *round, const struct fr_host *host, uint64_t now)
{
    memset(round, 0, sizeof(*round));
    round->wake = fr_waits_add(&round->waits, host->wake.handle);
    round->gate = FR_WAITS_NONE;
    if (now >= host->accept_after_ns)
        round->gate = fr_waits_add(&round->waits, fr_gate_waitable(host->gate));
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        round->link[i] = round->process[i] = FR_WAITS_NONE;
        if (host->peers[i] && host->peers[i]->state != FR_PEER_SOURCE)
            round_add_peer(round, host->peers[i], i);
    }
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
        if (host->peers[i] && host->peers[i]->state == FR_PEER_SOURCE)
            round_add_peer(round, host->peers[i], i);
}

/* UINT64_MAX: nothing to wait for but events. */
static uint64_t next_deadline(const struct fr_host *host, uint64_t now)
{
    uint64_t deadline = host->accept_after_ns > now ? host->accept_after_ns : UINT64_MAX;
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (peer && peer->state == FR_PEER_PENDING && peer->deadline_ns < deadline)
            deadline = peer->deadline_ns;
    }
    return deadline;
}

static void round_wait(struct round *round, const struct fr_host *host, uint64_t now)
{
    const uint64_t deadline = next_deadline(host, now);
    const uint64_t left = deadline > now ? deadline - now : 0;
    (void)fr_waits_wait(&round->waits, deadline == UINT64_MAX ? UINT64_MAX : left);
    if (round->waits.ready[round->wake]) {
        const struct fr_os os = fr_os_native();
        const struct fr_event *const events[] = {&host->wake};
        os.ops->wait(os.self, events, 1, 0);
    }
}

static void serve(struct fr_host *host, const struct round *round, bool sources)
{
    const bool *ready = round->waits.ready;
    for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++) {
        const struct fr_peer *peer = host->peers[i];
        if (!peer || (peer->state == FR_PEER_SOURCE) != sources)
            continue;
        const bool died = ready[round->process[i]];
        if (died || ready[round->link[i]])
            fr_host_serve_peer(host, i, died);
    }
}

static void turn_away(struct fr_host *host, struct fr_peer *peer, fr_status reason, const char *text)
{
    fr_host_post_refused(host, reason);
    fr_link_send_refuse(peer->link, reason, text);
    fr_log_write(&host->log, FR_LOG_WARNING, "turned a connection from pid %" PRIu32 " away: %s", peer->pid,
                 text);
    fr_link_hang_up(peer->link);
    fr_peer_unref(peer);
}

static void receive_connection(struct fr_host *host, struct fr_link *link, fr_status status, const char *why)
{
    struct fr_peer *peer = fr_peer_create(link, FR_PEER_PENDING);
    if (!peer)
        return;
    char text[128];
    peer->deadline_ns = fr_host_now() + FR_HOST_HELLO_NS;
    if (status) {
        turn_away(host, peer, status, why);
    } else if (fr_host_count_peers(host, FR_PEER_PENDING) >= FR_HOST_PENDING_MAX ||
               !fr_host_add_peer(host, peer)) {
        snprintf(text, sizeof(text), "target %" PRIu32 " has too many connections that said nothing yet",
                 host->target_id);
        turn_away(host, peer, FR_ERR_REFUSED, text);
    }
}

/* One a round: those that left meanwhile are removed before they could count against the next. */
static void accept_connection(struct fr_host *host)
{
    struct fr_link *link = NULL;
    char why[FR_GATE_WHY_BYTES];
    const fr_status status = fr_gate_accept(host->gate, &link, why);
    if (link) {
        host->accept_after_ns = 0;
        receive_connection(host, link, status, why);
    } else if (status < 0) {
        /* Who waits stays there: without a pause this would spin until he can be let in. */
        if (!host->accept_after_ns)
            fr_log_write(&host->log, FR_LOG_WARNING, "target %" PRIu32 " cannot accept connections: %s",
                         host->target_id, why);
        host->accept_after_ns = fr_host_now() + ACCEPT_PAUSE_NS;
    }
}

/* False: the host ends. */
static bool look_at_shared(struct fr_host *host)
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
    struct fr_host *host = opaque;
    while (look_at_shared(host)) {
        fr_host_admit(host);
        fr_host_serve_observers(host);
        const uint64_t now = fr_host_now();
        struct round round;
        round_fill(&round, host, now);
        round_wait(&round, host, now);

        serve(host, &round, true);
        serve(host, &round, false);
        /* Whose time was over before that look: a pause of the machine since is nobody's silence. */
        for (size_t i = 0; i < FR_HOST_PEERS_MAX; i++)
            if (host->peers[i] && host->peers[i]->state == FR_PEER_PENDING &&
                now >= host->peers[i]->deadline_ns)
                fr_host_expire(host, i);
        if (round.waits.ready[round.gate])
            accept_connection(host);
    }
    fr_host_say_goodbye(host);
}
