/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_LINUX_DISPLAY_H
#define FR_CLI_LINUX_DISPLAY_H

#include <stdbool.h>

/* True when DISPLAY is set and something accepts a connection there. */
bool display_answers(void);

#endif
