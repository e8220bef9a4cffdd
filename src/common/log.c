/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>

void fr_log_write(const fr_log *log, fr_log_level level, const char *format, ...)
{
    if (!log || !log->write || level > (log->max_level ? log->max_level : FR_LOG_INFO))
        return;
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log->write(log->user, level, text);
}
