/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_CLOCK_H
#define FR_ENCODE_CLOCK_H

#include <stdint.h>

/* The clock of a frame's times, in nanoseconds: clock_linux.c, clock_win32.c. */
uint64_t fr_encode_now_ns(void);

#endif
