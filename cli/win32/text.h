/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_WIN32_TEXT_H
#define FR_CLI_WIN32_TEXT_H

#include "win32/windows_lean.h"

#include <stdbool.h>
#include <stddef.h>

/* Between UTF-8, which we speak, and UTF-16, which Windows does. False: it does not fit, or is neither; then
 * *out is "". */
bool text_to_wide(const char *text, wchar_t *out, size_t count);
bool text_from_wide(const wchar_t *text, char *out, size_t bytes);

/* What the system says of an error, without line breaks and full stop, or its number. Returns out. */
char *text_of_error(DWORD error, char *out, size_t bytes);

/* A word of a command line as CommandLineToArgvW and the C library take it apart, a blank before it unless it
 * is the first. `line` holds `count`; false: no room. */
bool text_append_argument(wchar_t *line, size_t count, const wchar_t *argument);

#endif
