/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_SEALED_REMOTE_H
#define FR_CHANNEL_SEALED_REMOTE_H

/* A process that handles of ours are put into, with the least access that does. */

#include "channel/protocol.h"
#include "os/win32/win32.h"

enum { FR_REMOTE_WHY_BYTES = 200 };

/* Opens a process for that. FR_END: there is none, or it is dead. FR_ERR_PERMISSION: `why` says it. */
fr_status fr_remote_open(uint32_t pid, HANDLE *out, char why[FR_REMOTE_WHY_BYTES]);

/* Compares the full path of its image without case. FR_ERR_PERMISSION: `why` says it. */
fr_status fr_remote_check_image(HANDLE process, const wchar_t *image, char why[FR_REMOTE_WHY_BYTES]);

/* The last part of its image's path, printable, cut to `bytes`; "" if it cannot be read. */
void fr_remote_image_name(HANDLE process, char *out, size_t bytes);

/* Handles as they are called in the other process. */
struct fr_gift {
    size_t count;
    uint64_t value[FR_MSG_HANDLES_MAX];
};

/* All of them or none. FR_END: the process is dead; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM. */
fr_status fr_remote_give(HANDLE process, const fr_handle *handle, const enum fr_object_kind *kind,
                         size_t count, struct fr_gift *out);
/* One that has no more access than it may have there. */
fr_status fr_remote_give_same(HANDLE process, fr_handle handle, struct fr_gift *out);
/* Closes them there. Only before the other process has heard of them. */
void fr_remote_take_back(HANDLE process, struct fr_gift *gift);

/* Whether a value that came from somebody else is a handle of this process. */
bool fr_remote_is_handle(uint64_t value);

#endif
