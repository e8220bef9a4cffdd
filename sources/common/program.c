/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdarg.h>
#include <stdio.h>

void fr_program_say(const fr_program *program, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: %s\n", program->name, text);
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)level;
    const fr_program *program = user;
    fprintf(stderr, "%s: %s\n", program->name, text);
}

fr_log fr_program_log(const fr_program *program)
{
    return (fr_log){
        .write = write_log,
        .user = (void *)(uintptr_t)program,
        .max_level = program->verbose ? FR_LOG_DEBUG : FR_LOG_WARNING,
    };
}
