/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/host.h"
#include "channel/packet.h"
#include "channel/runtime_dir.h"
#include "channel/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ALLOW_UIDS_MAX = 16 };

struct fr_gate {
    uint32_t target_id;
    uid_t allow_uids[ALLOW_UIDS_MAX];
    size_t num_allow_uids;
    struct fr_target_claim claim;
};

void fr_gate_destroy(struct fr_gate *gate)
{
    if (!gate)
        return;
    fr_target_claim_finish(&gate->claim);
    free(gate);
}

fr_handle fr_gate_waitable(struct fr_gate *gate)
{
    return gate->claim.listen_fd; /* -1 is FR_HANDLE_NONE */
}

static bool uid_allowed(const struct fr_gate *gate, uid_t uid)
{
    if (uid == geteuid())
        return true;
    for (size_t i = 0; i < gate->num_allow_uids; i++)
        if (gate->allow_uids[i] == uid)
            return true;
    return false;
}

fr_status fr_gate_accept(struct fr_gate *gate, struct fr_link **out, char why[FR_GATE_WHY_BYTES])
{
    *out = NULL;
    const int fd = accept4(gate->claim.listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS)
            return FR_AGAIN;
        snprintf(why, FR_GATE_WHY_BYTES, "%s; raise the limit of open files", strerror(errno));
        return FR_ERR_NO_MEMORY;
    }
    pid_t pid;
    uid_t uid = 0;
    const bool known = fr_packet_peer(fd, &pid, &uid);
    *out = fr_link_create(fd, FR_LINK_HOST);
    if (!*out)
        return FR_AGAIN;
    if (known && uid_allowed(gate, uid))
        return FR_OK;
    snprintf(why, FR_GATE_WHY_BYTES, "user %ld may not connect to target %" PRIu32, known ? (long)uid : -1L,
             gate->target_id);
    return FR_ERR_PERMISSION;
}

fr_status fr_gate_invite(struct fr_gate *gate, struct fr_link **ours, int *theirs)
{
    (void)gate;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    *ours = fr_link_create(ends[0], FR_LINK_HOST);
    if (!*ours) {
        close(ends[1]);
        return FR_ERR_NO_MEMORY;
    }
    *theirs = ends[1];
    return FR_OK;
}

fr_status fr_gate_admit(struct fr_gate *gate, struct fr_link *link, const struct fr_msg_hello *hello,
                        bool invited, uint32_t *pid, char why[FR_GATE_WHY_BYTES])
{
    (void)gate, (void)invited, (void)why;
    /* A child that it forked may keep the socket open after its death. */
    bool gone;
    fr_link_watch(link, *pid, &gone);
    if (!*pid)
        *pid = hello->pid & INT32_MAX;
    return gone ? FR_END : FR_OK;
}

/* Descriptors are passed, nothing needs a name. */
const struct fr_object_name *fr_gate_object_name(struct fr_gate *gate, enum fr_object_kind kind)
{
    (void)gate, (void)kind;
    return NULL;
}

fr_status fr_socket_host_create(struct fr_host_channel *out, const struct fr_socket_host_params *params)
{
    *out = (struct fr_host_channel){0};
    if (params->num_allow_uids > ALLOW_UIDS_MAX || (params->num_allow_uids && !params->allow_uids))
        return FR_ERR_ARGUMENT;
    struct fr_gate *gate = calloc(1, sizeof(*gate));
    if (!gate)
        return FR_ERR_NO_MEMORY;
    gate->target_id = params->target_id;
    gate->claim = (struct fr_target_claim){.dir_fd = -1, .lock_fd = -1, .listen_fd = -1};
    gate->num_allow_uids = params->num_allow_uids;
    for (uint32_t i = 0; i < params->num_allow_uids; i++)
        gate->allow_uids[i] = params->allow_uids[i];
    if (!params->no_socket) {
        const fr_status status = fr_target_claim_init(&gate->claim, params->runtime_dir, params->target_id,
                                                      params->num_allow_uids > 0, &params->log);
        if (status) {
            fr_gate_destroy(gate);
            return status;
        }
    }
    const struct fr_host_params host = {.target_id = params->target_id,
                                        .capabilities = FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF |
                                                        FR_CAP_TIMELINE | FR_CAP_SYNC_FILE | FR_CAP_FOREIGN,
                                        .log = params->log};
    return fr_host_create(out, &host, gate);
}
