/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "common/value.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_BYTES = 512 };

static fr_layer_settings settings;
static pthread_once_t settings_once = PTHREAD_ONCE_INIT;

static pthread_mutex_t last_mutex = PTHREAD_MUTEX_INITIALIZER;
static char last_text[SENTENCE_BYTES];

void fr_layer_say(const char *format, ...)
{
    char text[SENTENCE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "framering layer: %s\n", text);
}

static bool is_on(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0");
}

static void read_settings(void)
{
    const char *target = getenv("FRAMERING_TARGET");
    settings.has_target = target && *target;
    if (settings.has_target && !fr_value_u32(target, UINT32_MAX, &settings.target_id)) {
        fr_layer_say("FRAMERING_TARGET=%s is no number from 0 to 4294967295; target 0 is fed", target);
        settings.target_id = 0;
    }
    settings.stats = is_on("FRAMERING_CAPTURE_STATS");
    settings.verbose = is_on("FRAMERING_CAPTURE_VERBOSE");
    settings.memory_only = is_on("FRAMERING_CAPTURE_MEMORY");
}

const fr_layer_settings *fr_layer_settings_get(void)
{
    pthread_once(&settings_once, read_settings);
    return &settings;
}

/* A host that says no is asked again and again. */
static bool is_new(fr_log_level level, const char *text)
{
    if (level > FR_LOG_WARNING)
        return true;
    pthread_mutex_lock(&last_mutex);
    const bool differs = strncmp(last_text, text, sizeof(last_text) - 1) != 0;
    if (differs)
        snprintf(last_text, sizeof(last_text), "%s", text);
    pthread_mutex_unlock(&last_mutex);
    return differs;
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user;
    if (is_new(level, text))
        fr_layer_say("%s", text);
}

fr_log fr_layer_log(void)
{
    return (fr_log){
        .write = write_log,
        .max_level = fr_layer_settings_get()->verbose ? FR_LOG_DEBUG : FR_LOG_WARNING,
    };
}
