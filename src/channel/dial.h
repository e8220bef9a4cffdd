/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_DIAL_H
#define FR_CHANNEL_DIAL_H

/* The first words of whoever connects to a host: a source or an observer. */

#include "channel/packet.h"

#include <framering/log.h>

/*
 * Connects to the host that listens at `path`, and checks that it runs as our user or as root. Never blocks.
 * FR_OK: *fd is the caller's. FR_AGAIN: nobody listens there now. FR_ERR_PERMISSION, FR_ERR_PROTOCOL (a
 * socket of another kind), FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: logged.
 */
fr_status fr_dial(const char *path, const fr_log *log, int *fd);

/* A HELLO without a display. target_id NULL: an inherited socket, any. Returns its bytes. */
size_t fr_dial_put_hello(union fr_msg *msg, uint32_t role, const uint32_t *target_id, const char *name);

#endif
