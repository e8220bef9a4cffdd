/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/gpu.h"

static void write_line(void *user, fr_log_level level, const char *text)
{
    (void)user;
    fprintf(stderr, "  %d %s\n", (int)level, text);
}

const fr_log *gpu_log(void)
{
    static const fr_log log = {.write = write_line, .max_level = FR_LOG_DEBUG};
    return &log;
}
