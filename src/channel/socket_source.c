/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/socket.h"

#include "channel/dial.h"
#include "channel/link_source.h"
#include "common/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_seqpacket(int fd)
{
    int type = 0;
    socklen_t bytes = sizeof(type);
    return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) && type == SOCK_SEQPACKET;
}

/* The descriptor is taken over also on failure. */
static fr_status inherit(int fd, const fr_log *log, struct fr_link **out)
{
    if (!is_seqpacket(fd)) {
        fr_log_write(
            log, FR_LOG_ERROR,
            "descriptor %d is not the socket of a host: let the host start the source, or name a target", fd);
        close(fd);
        return FR_ERR_ARGUMENT;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    *out = fr_link_create(fd, FR_LINK_PEER);
    return *out ? FR_OK : FR_ERR_NO_MEMORY;
}

fr_status fr_socket_source_create(struct fr_source_channel *out, const struct fr_socket_source_params *params)
{
    *out = (struct fr_source_channel){0};
    char address[FR_ADDRESS_BYTES] = "";
    struct fr_link_source_params source = {
        .address = address,
        .target_id = params->target_id,
        .name = params->name,
        .capabilities = params->capabilities,
        .gpu = params->gpu,
        .log = params->log,
    };
    const fr_status status =
        params->socket_fd >= 0
            ? inherit(params->socket_fd, &params->log, &source.inherited)
            : fr_dial_address(address, params->runtime_dir, params->target_id, &params->log);
    return status ? status : fr_link_source_create(out, &source);
}
