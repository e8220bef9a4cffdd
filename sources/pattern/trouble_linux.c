/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "trouble.h"

#include <signal.h>
#include <sys/socket.h>

enum { MAX_DESCRIPTORS = 256 };

void fr_trouble_die(void)
{
    raise(SIGKILL);
}

/* fr_source_fd need not be the socket, so that is looked for among our descriptors. */
static int find_socket(void)
{
    for (int fd = 3; fd < MAX_DESCRIPTORS; fd++) {
        int type = 0;
        socklen_t bytes = sizeof(type);
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 && type == SOCK_SEQPACKET)
            return fd;
    }
    return -1;
}

bool fr_trouble_send(const void *bytes, size_t num_bytes)
{
    return send(find_socket(), bytes, num_bytes, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0;
}
