/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void write_line(void *user, fr_log_level level, const char *text)
{
    fprintf(stderr, "%s: %s%s\n", (const char *)user, level == FR_LOG_ERROR ? "error: " : "", text);
}

fr_log live_log(const char *who)
{
    union {
        const char *in;
        void *out;
    } user = {who};
    return (fr_log){.write = write_line,
                    .user = user.out,
                    .max_level = getenv("FRAMERING_BENCH_VERBOSE") ? FR_LOG_INFO : FR_LOG_WARNING};
}

void live_folder_make(char *path, size_t bytes)
{
    snprintf(path, bytes, "/tmp/framering-bench-XXXXXX");
    if (!mkdtemp(path)) {
        perror(path);
        exit(1);
    }
}

void live_folder_remove(const char *path)
{
    if (rmdir(path) != 0)
        perror(path);
}
