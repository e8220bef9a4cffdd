/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_SEALED_H
#define FR_CHANNEL_SEALED_H

/*
 * The channels of Windows that need no names: a named pipe with a DACL, and a courier of the caller's.
 * Handles are put into the source's process with the least access; it owns them only once it has heard of
 * them.
 */

#include "channel/channel.h"

#include <framering/win32.h>

/* \\.\pipe\<prefix>-<target> */
#define FR_PIPE_PREFIX "framering-target"

struct fr_pipe_host_params {
    uint32_t target_id;
    const char *prefix;       /* NULL: FR_PIPE_PREFIX */
    bool no_pipe;             /* invitations only */
    bool observers_only;      /* the source gets its rings in another way */
    const char *sddl;         /* NULL: our own user and SYSTEM */
    const char *source_image; /* NULL: any */
    fr_log log;
};

/* Listens (unless no_pipe). FR_ERR_TARGET_BUSY, FR_ERR_PERMISSION, FR_ERR_ARGUMENT, FR_ERR_SYSTEM,
 * FR_ERR_NO_MEMORY, each logged with cause and cure. */
fr_status fr_pipe_host_create(struct fr_host_channel *out, const struct fr_pipe_host_params *params);

struct fr_pipe_source_params {
    fr_handle inherited; /* taken over also on failure; FR_HANDLE_NONE: connect to target_id */
    uint32_t target_id;
    const char *prefix; /* as the host's */
    const char *name;
    uint64_t capabilities; /* FR_CAP_*, not 0 */
    fr_log log;
};

/* Never connects yet. FR_ERR_ARGUMENT (not a pipe of a host, or a name too long), FR_ERR_NO_MEMORY,
 * FR_ERR_SYSTEM: logged. */
fr_status fr_pipe_source_create(struct fr_source_channel *out, const struct fr_pipe_source_params *params);

struct fr_courier_host_params {
    uint32_t target_id;
    fr_win32_courier courier;
    const char *prefix; /* of the pipe for observers; sddl likewise */
    const char *sddl;
    const char *source_image;
    fr_log log;
};

/* Failures as fr_pipe_host_create. destroy waits until a call of the courier that is under way returns. */
fr_status fr_courier_host_create(struct fr_host_channel *out, const struct fr_courier_host_params *params);

/* The source of a courier's host. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_delivered_source_create(struct fr_source_channel *out, uint32_t target_id, uint64_t capabilities,
                                     const fr_log *log);
/* fr_source_deliver and fr_source_host_gone; FR_ERR_ARGUMENT: a channel of another kind. Any thread. */
fr_status fr_delivered_source_put(const struct fr_source_channel *channel, const void *ring, size_t bytes);
void fr_delivered_source_host_gone(const struct fr_source_channel *channel);

#endif
