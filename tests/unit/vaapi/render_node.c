/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * To be preloaded where the machine has no render node: /dev/dri/renderD191 opens, as /dev/null, and libdrm
 * takes it for one, which is all that libva asks of it when its driver is named. So does renderD190, which
 * libdrm does not take for one: a first GPU that VA-API has nothing for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NODE "/dev/dri/renderD191"
#define NO_NODE "/dev/dri/renderD190"

enum { DRM_NODE_RENDER = 2 };

static int node = -1; /* the newest */

int open64(const char *path, int flags, ...);
int drmGetNodeTypeFromFd(int fd);

static const char *path_of(const char *path)
{
    return strcmp(path, NODE) && strcmp(path, NO_NODE) ? path : "/dev/null";
}

int access(const char *path, int mode)
{
    return (int)syscall(SYS_faccessat, AT_FDCWD, path_of(path), mode);
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path_of(path), flags | O_LARGEFILE, mode);
    if (path_of(path) != path)
        node = strcmp(path, NODE) ? -1 : fd;
    return fd;
}

int drmGetNodeTypeFromFd(int fd)
{
    return fd >= 0 && fd == node ? DRM_NODE_RENDER : -1;
}
