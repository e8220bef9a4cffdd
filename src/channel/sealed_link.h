/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_SEALED_LINK_H
#define FR_CHANNEL_SEALED_LINK_H

/* What the gate does to a link of a pipe, beyond link.h. */

#include "channel/link.h"
#include "os/win32/win32.h"

/* Exactly what a client needs. GENERIC_WRITE would ask for the right to make further ends, which belongs to
 * the host alone: a DACL for other users has A;;0x120183. */
#define FR_PIPE_CLIENT_ACCESS                                                                                \
    (FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES | READ_CONTROL |        \
     SYNCHRONIZE)

/* The process that rings are put into: from fr_remote_open, taken over. Its death is noticed too. */
void fr_link_set_process(struct fr_link *link, HANDLE process);
/* Asked anew; 0 = nobody is there any more. */
uint32_t fr_link_ask_pid(const struct fr_link *link);

#endif
