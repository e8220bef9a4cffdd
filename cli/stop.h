/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_STOP_H
#define FR_CLI_STOP_H

#include <stdbool.h>

/* From now on Ctrl-C and its like (SIGTERM, SIGHUP; a closed console, a logoff) only raise a flag, so that
 * files are closed in order, however often they come. SIGPIPE and SIGXFSZ are ignored: a reader that went
 * away, or a file above its limit, is a failed write. */
void stop_install(void);

bool stop_requested(void);

#endif
