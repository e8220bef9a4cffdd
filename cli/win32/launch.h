/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WIN32_LAUNCH_H
#define FR_CLI_WIN32_LAUNCH_H

#include "win32/windows_lean.h"

#include <stdint.h>

struct launched {
    uint32_t pid;
    HANDLE process;
    HANDLE job;    /* closing it ends the process */
    HANDLE output; /* reads what it writes; NULL = it writes where we do */
};

/* Starts argv[0] without a console, with a restricted token, in a job of its own. It inherits NUL, the pipe
 * for its output and `channel` (may be NULL), whose number becomes its FRAMERING_SOCKET. 0, or
 * GetLastError(); then *out is untouched. */
DWORD launch_restricted(char *const argv[], HANDLE channel, struct launched *out);

/* The same with our own token, and it may start programs, in jobs within its own. */
DWORD launch_trusted(char *const argv[], struct launched *out);

/* Starts argv[0] on our console and with our streams, in a job of its own. */
DWORD launch_beside(char *const argv[], struct launched *out);

#endif
