/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_AREAS_WIN32_H
#define FR_CLI_SELFTEST_AREAS_WIN32_H

#include "selftest/areas.h"

extern const struct selftest_rows selftest_adapters; /* adapters_win32.c */
extern const struct selftest_rows selftest_share;    /* share_win32.c */
extern const struct selftest_rows selftest_gpu;      /* gpu_ring_win32.c */
extern const struct selftest_rows selftest_display;  /* display_win32.c */

int selftest_share_peer(int argc, char **argv);
int selftest_open_name_peer(int argc, char **argv); /* channel_win32.c */

#endif
