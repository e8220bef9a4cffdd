/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_AREAS_H
#define FR_CLI_SELFTEST_AREAS_H

/* One file each. */
#include "selftest/selftest.h"

extern const struct selftest_rows selftest_ring;    /* ring.c */
extern const struct selftest_rows selftest_convert; /* convert.c */
extern const struct selftest_rows selftest_encode;  /* encode.c */
extern const struct selftest_rows selftest_channel; /* channel_linux.c, channel_win32.c */

/* channel.c: rows and peers of every channel that is found by a target's number. */
void selftest_channel_busy(struct selftest *test);
int selftest_channel_refused(int argc, char **argv);

#endif
