/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_LINK_H
#define MACHINE_LINK_H

/* A channel in memory: one host's end, and the ends of the sources that come and go. Keeps what channel.h
 * promises: one source at a time, the next only after the host took the last one's GONE, display news
 * merged. */

#include "channel/channel.h"
#include "machine/machine.h"

#define LINK_ENDS 8
#define LINK_NEWS 64

struct link;

/* A source's end. Handed out by link_end_open; free again after the source destroyed it. */
struct link_end {
    struct link *link;
    bool used, connected, dead, inherited;
    fr_display_descriptor display;
    uint64_t capabilities; /* of its HELLO */
    struct fr_gpu gpu;
    bool on_gpu;
    uint32_t pid;
    char name[32];
    struct fr_source_news news[LINK_NEWS];
    unsigned news_first, news_count;
};

struct link {
    struct machine *machine;
    const struct fr_event *notify;
    bool host_open;
    unsigned host_destroyed, source_destroyed;
    struct fr_host_news news[LINK_NEWS];
    unsigned news_first, news_count;
    struct link_end end[LINK_ENDS];
    struct link_end *active;
    bool gone_unread;

    bool hold_news;  /* the host does not see its news yet */
    bool hold_rings; /* sources do not see deliveries yet */
    fr_status start_status, invite_status, announce_status;
    fr_status poll_status;     /* of the source's poll, once */
    unsigned deliver_failures; /* that many deliveries fail with FR_ERR_NO_MEMORY */
    unsigned deliveries, hdr_requests, invites;
    bool hdr_on;            /* in the last request */
    bool no_hdr;            /* requests are refused as unsupported */
    uint32_t wire_version;  /* of the next host's rings; 0 = 2 */
    struct fr_memory fixed; /* version 1: header and event of every generation */
    struct fr_event fixed_event;
    fr_wire_debug *debug;     /* what the source's channel has outside the header */
    uint32_t named;           /* how often a name was asked for */
    uint32_t host_target;     /* what CONNECTED says */
    uint64_t longest_poll_ns; /* of a source's poll */
    unsigned polls;
};

void link_init(struct link *link, struct machine *machine);
void link_finish(struct link *link);

struct fr_host_channel link_host(struct link *link);

/* A source's end that connects when it is polled. */
struct link_end *link_end_open(struct link *link, const char *name, uint32_t pid);
struct fr_source_channel link_source(struct link_end *end);
/* What a poll does first. False: the host is not there, or has a source. */
bool link_connect(struct link_end *end);
/* The process behind the end is gone without a word. */
void link_kill(struct link_end *end);
/* News for the host, as the channel would queue them. */
void link_tell_host(struct link *link, const struct fr_host_news *news);
void link_tell_source(struct link_end *end, const struct fr_source_news *news);
/* The next delivery that waits at this end. False: none. Its handles are the caller's. */
bool link_take_ring(struct link_end *end, struct fr_delivery *out);

#endif
