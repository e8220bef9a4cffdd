/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_PACKET_H
#define FR_CHANNEL_PACKET_H

/* One message over one connected SEQPACKET socket, with descriptors. Nothing here blocks. */

#include "channel/link.h"

#include <sys/types.h>

/* Makes the kernel name the sender of every packet, which also tells an empty packet from a hang-up. */
void fr_packet_prepare(int fd);

/* FR_OK: a packet, maybe with a fault; FR_AGAIN: none waits; FR_END: hang-up. */
fr_status fr_packet_receive(int fd, struct fr_packet *out);

/* FR_OK; FR_AGAIN: the peer does not read; FR_END: it is gone; FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_packet_send(int fd, const union fr_msg *msg, size_t bytes, const int *fds, size_t num_fds);

/* Who made the other end. False: unknown. */
bool fr_packet_peer(int fd, pid_t *pid, uid_t *uid);

/* Readable when the process has died; -1: the kernel cannot. *gone: there is no such process. */
int fr_packet_watch_process(pid_t pid, bool *gone);

#endif
