/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WINDOWS_LEAN_H
#define FR_CLI_WINDOWS_LEAN_H

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#endif
