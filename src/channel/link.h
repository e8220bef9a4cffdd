/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_LINK_H
#define FR_CHANNEL_LINK_H

/*
 * One connection between a host and a peer, packet by packet, and how to wait for several: all that differs
 * between the socket channel and the pipe channel once they are connected. socket_link.c has SEQPACKET
 * sockets, sealed_link.c message pipes.
 *
 * One thread receives from a link, and it alone waits for it, hangs up and destroys. Others may send, and
 * give it up. Nothing here blocks but fr_waits_wait.
 */

#include "channel/protocol.h"

#include <framering/log.h>

/* A received message. Its handles belong to it until they are taken out. */
struct fr_packet {
    union fr_msg msg;
    size_t bytes; /* of the message, without the handles */
    fr_handle handles[FR_MSG_HANDLES_MAX];
    size_t num_handles;
    uint32_t pid;      /* of the sender, from the kernel; 0 = not known */
    const char *fault; /* NULL, or what is wrong with the packet itself, to follow "it sent " */
};

void fr_packet_finish(struct fr_packet *packet); /* closes the handles that were left */

enum fr_link_end {
    FR_LINK_HOST, /* ours; a source or an observer is at the other one, whose handles are never used */
    FR_LINK_PEER  /* ours; a host is at the other one */
};

struct fr_link;

/* Takes a connected socket, or a pipe opened for overlapped use, over also on failure. NULL: no memory. */
struct fr_link *fr_link_create(fr_handle handle, enum fr_link_end end);
void fr_link_destroy(struct fr_link *link); /* accepts NULL */

/* FR_OK: a packet, maybe with a fault; FR_AGAIN: none waits; FR_END: hang-up. */
fr_status fr_link_receive(struct fr_link *link, struct fr_packet *out);

/* FR_OK; FR_AGAIN: the peer does not read; FR_END: it is gone; FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_link_send(struct fr_link *link, const union fr_msg *msg);
/* The RING of a source, with its handles. The peer has all of them on FR_OK, else none. */
fr_status fr_link_send_ring(struct fr_link *link, const struct fr_delivery *delivery);
/* The RING of an observer, with a header from fr_link_share_header. */
fr_status fr_link_send_header(struct fr_link *link, const union fr_msg *msg, fr_handle header);
/* A handle to the same memory that nobody can write with. *why is static. */
fr_status fr_link_share_header(fr_handle header, fr_handle *out, const char **why);

/* Signalling it neither blocks nor ends this process. */
bool fr_link_is_event(fr_handle handle);

/* link.c. What fails here shows in the hang-up that follows. */
void fr_link_send_bye(struct fr_link *link);
void fr_link_send_refuse(struct fr_link *link, fr_status reason, const char *text);

/* Ends the connection. What was sent before can still be read at the other end. */
void fr_link_hang_up(struct fr_link *link);
/* The other end is closed. What it sent before may still wait. */
bool fr_link_hung_up(struct fr_link *link);
/* Any thread: the receiving thread hears FR_END. */
void fr_link_give_up(struct fr_link *link);

/* Who made the other end, from the kernel; 0 = not known. */
uint32_t fr_link_pid(const struct fr_link *link);
/* Notices the death of that process from now on, if the system can. *gone: there is no such process. */
void fr_link_watch(struct fr_link *link, uint32_t pid, bool *gone);
bool fr_link_died(const struct fr_link *link); /* the process that is watched */

/* One handle that is ready when receiving may say something new, for a program's own loop. It stays the
 * link's. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_link_waitable(struct fr_link *link, fr_handle *out);

/* ---- waiting for several things at once ---- */

enum { FR_WAITS_MAX = 40, FR_WAITS_NONE = FR_WAITS_MAX };

/* Zero: nothing to wait for. */
struct fr_waits {
    size_t count;
    fr_handle handle[FR_WAITS_MAX];
    bool input[FR_WAITS_MAX];
    bool ready[FR_WAITS_MAX + 1]; /* by what `add` returned; that of FR_WAITS_NONE stays false */
};

/* They return where to look for readiness; FR_WAITS_NONE: that cannot be waited for. */
size_t fr_waits_add(struct fr_waits *waits, fr_handle handle);
/* input false: only for the hang-up, as far as that can be seen behind unread packets. */
size_t fr_waits_add_link(struct fr_waits *waits, struct fr_link *link, bool input);
size_t fr_waits_add_process(struct fr_waits *waits, const struct fr_link *link);
/* UINT64_MAX: no timeout. What became ready is looked at in the order in which it was added. False: a signal
 * came, the caller may want to look why. */
bool fr_waits_wait(struct fr_waits *waits, uint64_t timeout_ns);

#endif
