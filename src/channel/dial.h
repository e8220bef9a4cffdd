/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_DIAL_H
#define FR_CHANNEL_DIAL_H

/* Where a host of a target answers, and the first words of whoever connects: a source or an observer. */

#include "channel/link.h"

enum { FR_ADDRESS_BYTES = 192 };

/* The path of the target's socket or pipe. place: a runtime folder, on Windows the beginning of the pipe's
 * name; NULL: the default. FR_ERR_ARGUMENT, logged: too long. */
fr_status fr_dial_address(char out[FR_ADDRESS_BYTES], const char *place, uint32_t target_id,
                          const fr_log *log);

/*
 * Connects to the host that listens at `address`, and checks that it runs as our user or as one that rules
 * the machine. Waits 20 ms at most, where all ends of a pipe are taken. FR_OK: *out is the caller's.
 * FR_AGAIN: nobody listens there now. FR_ERR_PERMISSION, FR_ERR_PROTOCOL (a socket or pipe of another kind),
 * FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: logged.
 */
fr_status fr_dial(const char *address, const fr_log *log, struct fr_link **out);

/* A HELLO without a display. target_id NULL: an inherited connection, any. */
void fr_dial_put_hello(union fr_msg *msg, uint32_t role, const uint32_t *target_id, const char *name,
                       uint64_t capabilities);

#endif
