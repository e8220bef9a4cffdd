/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_SOCKET_H
#define FR_CHANNEL_SOCKET_H

/* The channel of Linux: SEQPACKET Unix sockets, descriptors by SCM_RIGHTS. */

#include "channel/channel.h"

#include <framering/log.h>

struct fr_socket_host_params {
    uint32_t target_id;
    const char *runtime_dir; /* NULL: fr_runtime_dir */
    bool no_socket;          /* invitations only */
    const uint32_t *allow_uids;
    uint32_t num_allow_uids;
    fr_log log;
};

/* Listens (unless no_socket). FR_ERR_TARGET_BUSY, FR_ERR_PERMISSION, FR_ERR_ARGUMENT (path too long),
 * FR_ERR_SYSTEM, FR_ERR_NO_MEMORY, each logged with cause and cure. */
fr_status fr_socket_host_create(struct fr_host_channel *out, const struct fr_socket_host_params *params);

struct fr_socket_source_params {
    int socket_fd; /* inherited, taken over also on failure; -1: connect to target_id */
    uint32_t target_id;
    const char *runtime_dir;
    const char *name;
    uint64_t capabilities; /* FR_CAP_*, not 0 */
    struct fr_gpu gpu;
    fr_log log;
};

/* Never connects yet. FR_ERR_ARGUMENT (not a socket of a host, or a path too long), FR_ERR_NO_MEMORY,
 * FR_ERR_SYSTEM: logged. */
fr_status fr_socket_source_create(struct fr_source_channel *out,
                                  const struct fr_socket_source_params *params);

#endif
