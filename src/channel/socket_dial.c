/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/dial.h"
#include "channel/packet.h"
#include "channel/runtime_dir.h"

#include "common/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static fr_status explain(const char *path, int error, const fr_log *log)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: /* the host is dead, its socket is left */
    case EAGAIN:       /* its backlog is full */
    case ECONNRESET: return FR_AGAIN;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        fr_log_write(log, FR_LOG_ERROR, "cannot connect to %s (%s): free some descriptors or memory", path,
                     strerror(error));
        return FR_ERR_NO_MEMORY;
    case EACCES:
    case EPERM:
        fr_log_write(log, FR_LOG_ERROR,
                     "we may not connect to %s: run as the user of the host, or have it allow ours", path);
        return FR_ERR_PERMISSION;
    case EPROTOTYPE:
        fr_log_write(log, FR_LOG_ERROR, "%s is a socket of another program: name another runtime folder",
                     path);
        return FR_ERR_PROTOCOL;
    default:
        fr_log_write(log, FR_LOG_ERROR, "cannot connect to %s (%s)", path, strerror(error));
        return FR_ERR_SYSTEM;
    }
}

static fr_status check_host(const char *path, int fd, const fr_log *log)
{
    pid_t pid;
    uid_t uid;
    if (!fr_packet_peer(fd, &pid, &uid) || (uid != geteuid() && uid != 0)) {
        fr_log_write(log, FR_LOG_ERROR, "%s is served by another user: name a runtime folder that is ours",
                     path);
        return FR_ERR_PERMISSION;
    }
    /* A child of a dead host may still hold the listening socket; nobody will ever accept there. */
    bool gone;
    const int process_fd = fr_packet_watch_process(pid, &gone);
    if (process_fd >= 0)
        close(process_fd);
    return gone ? FR_AGAIN : FR_OK;
}

fr_status fr_dial_address(char out[FR_ADDRESS_BYTES], const char *place, uint32_t target_id,
                          const fr_log *log)
{
    struct fr_target_paths paths;
    const fr_status status = fr_target_paths_init(&paths, place, target_id, log);
    if (status)
        return status;
    memcpy(out, paths.socket, sizeof(paths.socket));
    return FR_OK;
}

fr_status fr_dial(const char *path, const fr_log *log, struct fr_link **out)
{
    *out = NULL;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return FR_ERR_ARGUMENT;
    memcpy(address.sun_path, path, strlen(path) + 1);
    const int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (sock < 0)
        return explain(path, errno, log);
    fr_status status = FR_OK;
    if (connect(sock, (const struct sockaddr *)&address, sizeof(address)))
        status = explain(path, errno, log);
    else
        status = check_host(path, sock, log);
    if (status) {
        close(sock);
        return status;
    }
    *out = fr_link_create(sock, FR_LINK_PEER);
    return *out ? FR_OK : FR_ERR_NO_MEMORY;
}
