/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_SEALED_SECURITY_H
#define FR_CHANNEL_SEALED_SECURITY_H

/* Who may open what, and who is at the other end: security descriptors, users, names. */

#include "os/win32/win32.h"

#include <framering/log.h>

enum { FR_SID_TEXT_BYTES = 192, FR_SDDL_BYTES = 512 };

/* A security descriptor as CreateX functions want it. Zero: none, the process's default. */
struct fr_security {
    SECURITY_ATTRIBUTES attributes;
};

/* FR_ERR_ARGUMENT: not in the security descriptor definition language; FR_ERR_NO_MEMORY. Logged. */
fr_status fr_security_init(struct fr_security *out, const char *sddl, const fr_log *log);
void fr_security_finish(struct fr_security *security); /* accepts zero */
/* NULL for zero. */
SECURITY_ATTRIBUTES *fr_security_attributes(struct fr_security *security);

/* The user that this process runs as, S-1-... FR_ERR_SYSTEM: cannot be read. */
fr_status fr_security_own_user(char text[FR_SID_TEXT_BYTES]);

/*
 * Whether the server of a pipe is our own user, SYSTEM or an administrator. Its process is asked; where that
 * may not be opened, the owner of the pipe, which nobody can set to somebody else.
 */
bool fr_security_trusts_server(HANDLE pipe);

/* Whether an object that was there already belongs to our own user, SYSTEM or an administrator. */
bool fr_security_trusts_owner(HANDLE object);

/* `bytes` / 2 random bytes in hexadecimal, less the final zero. False: the system has none. */
bool fr_random_text(char *out, size_t bytes);

/* False: does not fit, or is not UTF-8. */
bool fr_wide(const char *text, wchar_t *out, size_t count);

#endif
