/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_PACKET_H
#define FR_CHANNEL_PACKET_H

/* One message over one connected SEQPACKET socket, with descriptors. Nothing here blocks. */

#include "channel/protocol.h"

#include <sys/types.h>

enum { FR_PACKET_HANDLES_MAX = 4 };

/* A received message. Its descriptors belong to it until they are taken out of fds. */
struct fr_packet {
    union fr_msg msg;
    size_t bytes;
    int fds[FR_PACKET_HANDLES_MAX];
    size_t num_fds;
    pid_t pid;         /* of the sender, from the kernel; 0 = outside our pid namespace */
    const char *fault; /* NULL, or what is wrong with the packet itself, to follow "it sent " */
};

/* Makes the kernel name the sender of every packet, which also tells an empty packet from a hang-up. */
void fr_packet_prepare(int fd);

/* FR_OK: a packet, maybe with a fault; FR_AGAIN: none waits; FR_END: hang-up. */
fr_status fr_packet_receive(int fd, struct fr_packet *out);
void fr_packet_finish(struct fr_packet *packet); /* closes the descriptors that were left */

/* FR_OK; FR_AGAIN: the peer does not read; FR_END: it is gone; FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_packet_send(int fd, const union fr_msg *msg, size_t bytes, const int *fds, size_t num_fds);

void fr_packet_send_bye(int fd);
void fr_packet_send_refuse(int fd, fr_status reason, const char *text);

/* Who made the other end. False: unknown. */
bool fr_packet_peer(int fd, pid_t *pid, uid_t *uid);

/* Readable when the process has died; -1: the kernel cannot. *gone: there is no such process. */
int fr_packet_watch_process(pid_t pid, bool *gone);

#endif
