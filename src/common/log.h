/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_COMMON_LOG_H
#define FR_COMMON_LOG_H

#include <framering/log.h>

#if defined(__MINGW32__) && !defined(__clang__)
#define FR_PRINTF(format_at, args_at) __attribute__((format(gnu_printf, format_at, args_at)))
#elif defined(__GNUC__)
#define FR_PRINTF(format_at, args_at) __attribute__((format(printf, format_at, args_at)))
#else
#define FR_PRINTF(format_at, args_at)
#endif

/* Writes one line; `log` may be NULL or all zero (silence). Lines are cut at 1,000 bytes. */
void fr_log_write(const fr_log *log, fr_log_level level, const char *format, ...) FR_PRINTF(3, 4);

#endif
