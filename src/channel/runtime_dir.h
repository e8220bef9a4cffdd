/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_RUNTIME_DIR_H
#define FR_CHANNEL_RUNTIME_DIR_H

/* The folder of the sockets: `target-N.sock`, and `target-N.lock`, which a living host holds locked. */

#include <framering/log.h>
#include <framering/observe.h>

#include <sys/types.h>

enum {
    FR_RUNTIME_DIR_BYTES = 512,
    FR_SOCKET_PATH_BYTES = 108 /* sizeof(sun_path), final zero included: unix(7) */
};

struct fr_target_paths {
    char dir[FR_RUNTIME_DIR_BYTES];
    char socket[FR_SOCKET_PATH_BYTES];
};

/* runtime_dir NULL: fr_runtime_dir. FR_ERR_ARGUMENT, logged: the path does not fit into a socket address. */
fr_status fr_target_paths_init(struct fr_target_paths *out, const char *runtime_dir, uint32_t target_id,
                               const fr_log *log);

/* Being the only host of a target, for as long as it lives. */
struct fr_target_claim {
    struct fr_target_paths paths;
    uint32_t target_id;
    int dir_fd, lock_fd, listen_fd; /* -1 = none */
    dev_t socket_device;            /* what we bound, so that nobody else's is removed */
    ino_t socket_inode;
};

/*
 * Makes the folder if it is missing, checks that it is ours alone, locks the target, replaces a dead host's
 * socket, listens. others: users besides ours may connect, so they may pass through the folder, and the
 * socket lets them in (the caller checks who they are). Every failure is logged with its cure:
 * FR_ERR_TARGET_BUSY, FR_ERR_PERMISSION, FR_ERR_ARGUMENT, FR_ERR_NO_MEMORY, FR_ERR_SYSTEM.
 */
fr_status fr_target_claim_init(struct fr_target_claim *out, const char *runtime_dir, uint32_t target_id,
                               bool others, const fr_log *log);
/* Accepts a claim that failed half-way or was finished. */
void fr_target_claim_finish(struct fr_target_claim *claim);

#endif
