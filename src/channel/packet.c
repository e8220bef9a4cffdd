/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/packet.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void fr_packet_prepare(int fd)
{
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on));
}

static void take_control(struct fr_packet *packet, struct msghdr *header, bool *any)
{
    *any = false;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part)) {
        *any = true;
        if (part->cmsg_level != SOL_SOCKET)
            continue;
        if (part->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;
            memcpy(&sender, CMSG_DATA(part), sizeof(sender));
            packet->pid = (uint32_t)sender.pid;
        } else if (part->cmsg_type == SCM_RIGHTS) {
            const size_t num = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < num; i++) {
                int fd;
                memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
                if (packet->num_handles < FR_MSG_HANDLES_MAX)
                    packet->handles[packet->num_handles++] = fd;
                else
                    close(fd);
            }
        }
    }
}

fr_status fr_packet_receive(int fd, struct fr_packet *out)
{
    memset(out, 0, sizeof(*out));
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(FR_MSG_HANDLES_MAX * sizeof(int))];
    } control;
    struct iovec piece = {.iov_base = &out->msg, .iov_len = sizeof(out->msg)};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    ssize_t got;
    /* A peer that closes with packets of ours unread leaves ECONNRESET in front of its own last words. */
    int resets = 0;
    do {
        header.msg_control = &control;
        header.msg_controllen = sizeof(control);
        got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ < 2)));
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOMEM || errno == ENOBUFS ? FR_AGAIN
                                                                                              : FR_END;

    bool any_control;
    take_control(out, &header, &any_control);
    if (!got && !any_control)
        return FR_END;
    out->bytes = (size_t)got;
    if (header.msg_flags & MSG_TRUNC)
        out->fault = "a packet that is too long";
    else if (header.msg_flags & MSG_CTRUNC)
        out->fault = "more descriptors than belong there, or than this process may open";
    return FR_OK;
}

void fr_packet_finish(struct fr_packet *packet)
{
    for (size_t i = 0; i < packet->num_handles; i++)
        close((int)packet->handles[i]);
    packet->num_handles = 0;
}

fr_status fr_packet_send(int fd, const union fr_msg *msg, size_t bytes, const int *fds, size_t num_fds)
{
    assert(num_fds <= FR_MSG_HANDLES_MAX);
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(FR_MSG_HANDLES_MAX * sizeof(int))];
    } control;
    memset(&control, 0, sizeof(control));
    union fr_msg copy = *msg; /* iov_base is not const */
    struct iovec piece = {.iov_base = &copy, .iov_len = bytes};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (num_fds) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
        struct cmsghdr *part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
        memcpy(CMSG_DATA(part), fds, num_fds * sizeof(int));
    }
    ssize_t sent;
    do {
        sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return FR_OK;
    switch (errno) {
    case EAGAIN: return FR_AGAIN;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN: return FR_END;
    case ENOMEM:
    case ENOBUFS:
    case ETOOMANYREFS: return FR_ERR_NO_MEMORY;
    default: return FR_ERR_SYSTEM;
    }
}

bool fr_packet_peer(int fd, pid_t *pid, uid_t *uid)
{
    struct ucred peer;
    socklen_t bytes = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
        return false;
    *pid = peer.pid;
    *uid = peer.uid;
    return true;
}

int fr_packet_watch_process(pid_t pid, bool *gone)
{
    *gone = false;
    if (pid <= 0)
        return -1;
    /* Through syscall(): glibc has pidfd_open only since 2.36. The descriptor is close-on-exec by itself. */
    const long fd = syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        *gone = errno == ESRCH;
    return (int)fd;
}
