/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

void terminal_init(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    /* SVT-AV1 writes its settings to stderr past every log callback; errors are enough. */
    setenv("SVT_LOG", "1", 0);
}

bool terminal_is(enum terminal_stream stream)
{
    return isatty((int)stream) == 1;
}

int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

const char *terminal_variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}
