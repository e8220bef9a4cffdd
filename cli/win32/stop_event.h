/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_STOP_EVENT_H
#define FR_CLI_STOP_EVENT_H

#include "win32/windows_lean.h"

#include <stdbool.h>
#include <stdint.h>

/* Waits for `object` (NULL: for nothing), at most timeout_ms; what asks the program to stop ends it early.
 * True: the object is signalled. */
bool stop_event_wait(HANDLE object, uint64_t timeout_ms);

#endif
