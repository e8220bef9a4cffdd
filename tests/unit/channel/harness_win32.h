/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHANNEL_HARNESS_WIN32_H
#define TESTS_UNIT_CHANNEL_HARNESS_WIN32_H

#include "harness.h"

#include "os/win32/win32.h"

/* A child whose sandbox' dir is `argument`; argv[5] is `inherited`, a handle's number. */
struct child child_start_with(const char *role, const char *argument, int inherited);
size_t child_handles(const struct child *child);
/* The same once its start is over: a number that stays. */
size_t child_handles_settled(const struct child *child);
/* That many are open there, at once or soon. */
void expect_child_handles(const struct child *child, size_t count);

#endif
