/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_HOST_H
#define FR_CHANNEL_HOST_H

/*
 * The host of a channel of connections, whatever carries them: host.c has what other threads call,
 * host_thread.c the thread's loop, host_peer.c what one connection says and how it ends.
 *
 * Two threads meet here. The channel thread owns the list of peers: it alone accepts, receives and removes.
 * The frame thread sends rings itself, because a hand-over through the channel thread would cost one more
 * wake-up. So a peer is counted: the list holds one reference, `shared.source` another, and a sender takes
 * its own while it sends. The link is destroyed with the last one, hence never used again under a send.
 * Removing a peer hangs up at once, so the other end sees that even while references are left.
 *
 * `lock` guards `shared` only, for a few assignments; nobody holds it while sending, logging, signalling or
 * waiting.
 */

#include "channel/gate.h"
#include "os/thread.h"

enum {
    FR_HOST_PENDING_MAX = 8,
    FR_HOST_OBSERVERS_MAX = 8,
    FR_HOST_PEERS_MAX =
        FR_HOST_PENDING_MAX + FR_HOST_OBSERVERS_MAX + 2, /* and the source, and one to spare */
    FR_HOST_REFUSED_MAX = 5
};

#define FR_HOST_HELLO_NS FR_NS_PER_S

enum fr_peer_state {
    FR_PEER_PENDING, /* connected, has not said HELLO */
    FR_PEER_INVITED, /* the same, on a pair of ours: no deadline, holds the claim */
    FR_PEER_WAITING, /* a source with the claim; waits until the GONE of the one before was taken */
    FR_PEER_SOURCE,
    FR_PEER_OBSERVER
};

struct fr_peer {
    struct fr_link *link;
    uint32_t refs;    /* atomic */
    uint32_t stalled; /* atomic; set by a sender, before it gives the link up */

    /* The channel thread's alone. */
    enum fr_peer_state state;
    uint32_t pid;
    bool watches; /* said that it is an observer */
    char name[32];
    uint64_t deadline_ns; /* for HELLO */
    bool has_display;
    fr_display_descriptor display;
    uint64_t capabilities;
    struct fr_gpu gpu;
    uint32_t ring_serial; /* observers: the last ring sent */
    union fr_msg welcome;
};

/* The header of the ring in force, read-only, for the observers. Counted like a peer. */
struct fr_ring_share {
    uint32_t refs;
    fr_handle header;
    union fr_msg msg;
};

/* News are three flags rather than a queue: there is one source at a time, and its news only come in this
 * order. */
struct fr_host_shared {
    bool stop;
    bool claimed;            /* somebody is the source, waits to be, or was invited */
    struct fr_peer *invited; /* made by invite, not yet in the list */
    struct fr_peer *source;  /* whom deliver sends to: the source of the last SOURCE news taken */
    struct fr_ring_share *ring;
    uint32_t ring_serial;

    fr_status refused[FR_HOST_REFUSED_MAX]; /* different reasons, oldest first */
    size_t num_refused;
    struct fr_peer *arrived; /* not NULL: SOURCE */
    struct fr_host_news arrived_news;
    bool has_display; /* DISPLAY */
    struct fr_host_news display_news;
    bool gone; /* GONE */
    struct fr_host_news gone_news;
};

struct fr_host {
    /* Constant once the thread runs. */
    uint32_t target_id;
    uint64_t capabilities;
    bool observers_only;
    fr_log log;
    struct fr_gate *gate;
    struct fr_event wake;   /* the channel thread's */
    struct fr_event notify; /* the frame thread's; borrowed */
    uint32_t news;          /* atomic; 1: `shared` may hold some, set after it was told */
    struct fr_thread *thread;

    struct fr_mutex *lock;
    struct fr_host_shared shared;

    /* The channel thread's alone. */
    struct fr_peer *peers[FR_HOST_PEERS_MAX]; /* with gaps */
    uint64_t accept_after_ns;                 /* nobody could be let in: do not try before */
};

struct fr_host_params {
    uint32_t target_id;
    uint64_t capabilities; /* FR_CAP_* that its sources may have in common with it */
    bool observers_only;   /* its source gets the rings in another way */
    fr_log log;
};

/* Takes the gate over also on failure. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: logged. */
fr_status fr_host_create(struct fr_host_channel *out, const struct fr_host_params *params,
                         struct fr_gate *gate);

uint64_t fr_host_now(void);
void fr_host_notify(struct fr_host *host);
/* False: somebody is the source already, waits to be, or was invited. Any thread. */
bool fr_host_take_claim(struct fr_host *host);

/* Takes `link` over also on failure (NULL). */
struct fr_peer *fr_peer_create(struct fr_link *link, enum fr_peer_state state);
void fr_peer_ref(struct fr_peer *peer);
void fr_peer_unref(struct fr_peer *peer);
void fr_ring_share_unref(struct fr_ring_share *share); /* accepts NULL */

/* The channel thread. */
void fr_host_run(void *host);

/* False: no room. Takes the reference over if true. */
bool fr_host_add_peer(struct fr_host *host, struct fr_peer *peer);
size_t fr_host_count_peers(const struct fr_host *host, enum fr_peer_state state);
/* Receives what waits and acts on it; `died`: its process is no more. May remove the peer. */
void fr_host_serve_peer(struct fr_host *host, size_t slot, bool died);
/* Makes a waiting source the source, if the news of the one before were taken. */
void fr_host_admit(struct fr_host *host);
/* Sends the ring in force to the observers that do not have it. */
void fr_host_serve_observers(struct fr_host *host);
/* Tells the peer why and the log too, and removes it. */
void fr_host_refuse(struct fr_host *host, size_t slot, fr_status reason, const char *text);
/* REFUSED news: somebody who might have become the source was turned away. */
void fr_host_post_refused(struct fr_host *host, fr_status reason);
void fr_host_expire(struct fr_host *host, size_t slot);
void fr_host_say_goodbye(struct fr_host *host);

#endif
