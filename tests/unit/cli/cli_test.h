/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_CLI_H
#define FR_TEST_CLI_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The program actor.c, beside the tests. */
#ifdef _WIN32
#define FR_TEST_ACTOR "test-cli-actor.exe"
#else
#define FR_TEST_ACTOR "test-cli-actor"
#endif

#endif
