/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_HANDOFF_SESSION_H
#define PEERS_HANDOFF_SESSION_H

#include "peer.h"

/* Runs both ends, each pinned to one core, and what they need, in a folder of their own under /tmp; comes
 * back when all of it has ended and the folder is gone. What went wrong stands in run->failure. */
void session_run(const struct handoff_peer *peer, struct run *run);

#endif
