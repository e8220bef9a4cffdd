/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char files_program_suffix[] = "";

/* A build tree, an installed prefix, and where the build was told to install. */
const char *const files_source_folders[] = {"../sources", "../libexec/framering", FR_LIBEXEC_DIR, NULL};

FILE *files_open(const char *path, const char *mode)
{
    char close_on_exec[8];
    snprintf(close_on_exec, sizeof close_on_exec, "%se", mode);
    return fopen(path, close_on_exec);
}

bool files_exist(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool files_is_program(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

void files_remove(const char *path)
{
    unlink(path);
}

void files_remove_empty(const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
        unlink(path);
}

bool files_make_temporary(char *out, size_t bytes, const char *suffix)
{
    const char *named = getenv("TMPDIR"), *folder = named && *named ? named : "/tmp";
    snprintf(out, bytes, "%s/framering-XXXXXX%s", folder, suffix);
    int fd = mkstemps(out, (int)strlen(suffix));
    if (fd < 0) {
        snprintf(out, bytes, "%s", folder);
        return false;
    }
    close(fd);
    return true;
}

void files_list(const char *folder, void (*name)(void *user, const char *name), void *user)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        name(user, entry->d_name);
    closedir(dir);
}

bool files_self(char *out, size_t bytes)
{
    ssize_t length = readlink("/proc/self/exe", out, bytes - 1);
    if (length <= 0)
        return false;
    out[length] = '\0';
    return true;
}

bool files_beside(const char *relative, char *out, size_t bytes)
{
    char self[FILES_PATH_MAX];
    if (!files_self(self, sizeof self))
        return false;
    char *slash = strrchr(self, '/');
    if (!slash)
        return false;
    int written = snprintf(out, bytes, "%.*s/%s", (int)(slash - self), self, relative);
    return written > 0 && (size_t)written < bytes;
}
