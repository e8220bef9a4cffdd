/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_PATTERN_TROUBLE_H
#define FRAMERING_SOURCES_PATTERN_TROUBLE_H

/* What a script does to the host by way of the system: trouble_linux.c and trouble_win32.c. */

#include <stdbool.h>
#include <stddef.h>

/* Ends this process as a kill from outside does: nothing is cleaned up. */
void fr_trouble_die(void);

/* Sends bytes to the host beside the library. False: the way to it was not found, or it takes none. */
bool fr_trouble_send(const void *bytes, size_t num_bytes);

#endif
