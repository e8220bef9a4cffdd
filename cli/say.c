/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "say.h"

#include "terminal.h"
#include "thread.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A program has one stderr, so this is the one place with state of its own. */
static struct {
    struct lock lock;
    fr_log_level level;
    bool holding, has_held;
    unsigned errors;
    char held[1024];
    char progress[512]; /* what stands on the terminal's last line; "" = nothing */
} state = {.lock = LOCK_READY, .level = FR_LOG_INFO};

void say_set_level(fr_log_level level)
{
    lock_take(&state.lock);
    state.level = level;
    lock_give(&state.lock);
}

fr_log_level say_level(void)
{
    lock_take(&state.lock);
    fr_log_level level = state.level;
    lock_give(&state.lock);
    return level;
}

static void write_locked(const char *prefix, const char *text)
{
    if (state.progress[0])
        fputs("\r\033[K", stderr);
    fprintf(stderr, "%s%s\n", prefix, text);
    if (state.progress[0])
        fputs(state.progress, stderr);
    fflush(stderr);
}

static void write_level_locked(fr_log_level level, const char *text)
{
    if (level == FR_LOG_ERROR)
        state.errors++;
    if (level <= state.level)
        write_locked(level == FR_LOG_WARNING ? "framering: warning: " : "framering: ", text);
}

void say(fr_log_level level, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lock_take(&state.lock);
    write_level_locked(level, text);
    lock_give(&state.lock);
}

void say_foreign(const char *line)
{
    lock_take(&state.lock);
    write_locked("", line);
    lock_give(&state.lock);
}

static void from_library(void *user, fr_log_level level, const char *text)
{
    (void)user;
    lock_take(&state.lock);
    if (level == FR_LOG_ERROR && state.holding) {
        if (!state.has_held)
            snprintf(state.held, sizeof state.held, "%s", text);
        state.has_held = true;
    } else {
        write_level_locked(level, text);
    }
    lock_give(&state.lock);
}

fr_log say_log(void)
{
    return (fr_log){.write = from_library, .max_level = say_level()};
}

void say_hold(void)
{
    lock_take(&state.lock);
    state.holding = true;
    state.has_held = false;
    lock_give(&state.lock);
}

bool say_release(bool write_it)
{
    lock_take(&state.lock);
    bool had = state.has_held;
    if (had && write_it)
        write_level_locked(FR_LOG_ERROR, state.held);
    state.holding = false;
    state.has_held = false;
    lock_give(&state.lock);
    return had;
}

unsigned say_errors(void)
{
    lock_take(&state.lock);
    unsigned errors = state.errors;
    lock_give(&state.lock);
    return errors;
}

void say_progress(const char *line)
{
    lock_take(&state.lock);
    if (line || state.progress[0]) {
        fprintf(stderr, "\r\033[K%s", line ? line : "");
        fflush(stderr);
    }
    snprintf(state.progress, sizeof state.progress, "%s", line ? line : "");
    lock_give(&state.lock);
}

bool say_is_terminal(void)
{
    return terminal_is(TERMINAL_ERR);
}
