/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "linux/display.h"

#include "sources.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool connects(const char *path, bool abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length + 2 > sizeof address.sun_path)
        return false;
    memcpy(address.sun_path + (abstract ? 1 : 0), path, length);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    bool answers = connect(fd, (struct sockaddr *)&address, bytes) == 0;
    close(fd);
    return answers;
}

bool display_answers(void)
{
    const char *display = getenv("DISPLAY");
    const char *colon = display ? strrchr(display, ':') : NULL;
    if (!colon || !isdigit((unsigned char)colon[1]))
        return false;
    /* A display elsewhere: the source finds out. */
    if (colon != display && strncmp(display, "unix:", 5) != 0)
        return true;
    char path[64];
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits > 8)
        return false;
    snprintf(path, sizeof path, "/tmp/.X11-unix/X%.*s", (int)digits, colon + 1);
    return connects(path, false) || connects(path, true);
}

const char *sources_default(const char **stands_in)
{
    *stands_in = NULL;
    if (display_answers())
        return "x11";
    *stands_in = "no X display answers (DISPLAY): the test pattern is recorded; see --source";
    return "pattern";
}
