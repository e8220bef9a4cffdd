/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_GATE_H
#define FR_CHANNEL_GATE_H

/*
 * Who comes in to a host, and how: it listens at a target's address and looks at who connects. socket_gate.c
 * and sealed_gate.c. The channel thread alone uses it, but for fr_gate_invite.
 */

#include "channel/link.h"

enum { FR_GATE_WHY_BYTES = 200 };

struct fr_gate;

void fr_gate_destroy(struct fr_gate *gate); /* accepts NULL */

/* Ready when somebody connects. FR_HANDLE_NONE: it does not listen, or cannot just now. */
fr_handle fr_gate_waitable(struct fr_gate *gate);

/* FR_OK: *out is the caller's. FR_AGAIN: nobody is there any more. FR_ERR_PERMISSION: *out may not come in,
 * `why` says it. Other failures: nobody can be let in now, `why` has the cause and the cure. */
fr_status fr_gate_accept(struct fr_gate *gate, struct fr_link **out, char why[FR_GATE_WHY_BYTES]);

/* A connected pair: *theirs is for a process that inherits it. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. Any
 * thread. */
fr_status fr_gate_invite(struct fr_gate *gate, struct fr_link **ours, int *theirs);

/* Somebody said a HELLO that is fine so far. `pid`, in: who he is, from the kernel, or 0; out: who he is.
 * Watches his process. FR_END: it is dead already. FR_ERR_PERMISSION: `why` says it. */
fr_status fr_gate_admit(struct fr_gate *gate, struct fr_link *link, const struct fr_msg_hello *hello,
                        bool invited, uint32_t *pid, char why[FR_GATE_WHY_BYTES]);

/* As fr_host_channel_ops.object_name. The frame thread. */
const struct fr_object_name *fr_gate_object_name(struct fr_gate *gate, enum fr_object_kind kind);

#endif
