/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_LOG_H
#define FRAMERING_LOG_H

#include <framering/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fr_log_level {
    FR_LOG_ERROR = 1,   /* the call that logs it fails */
    FR_LOG_WARNING = 2, /* it goes on, but somebody should look */
    FR_LOG_INFO = 3,    /* once per event: attach, flip, end */
    FR_LOG_DEBUG = 4    /* for whoever works on framering */
} fr_log_level;

/*
 * Where a library object sends its sentences. Copied by value into the object. All zero: silence.
 *
 * `write` may be called on any thread of the object, also while another thread is in `write`: it must be
 * thread-safe, must not call back into the object, and should return soon. `text` is one line of UTF-8
 * without a newline and lives until `write` returns. No lock of the library is held during the call.
 */
typedef struct fr_log {
    void (*write)(void *user, fr_log_level level, const char *text);
    void *user;
    fr_log_level max_level; /* nothing above it is written; 0 = FR_LOG_INFO */
} fr_log;

#ifdef __cplusplus
}
#endif
#endif
