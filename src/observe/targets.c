/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <framering/observe.h>

#include "channel/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Only the exact names that a host makes: no leading zeros, no sign, nothing behind. */
static bool parse_name(const char *name, uint32_t *target_id)
{
    static const char prefix[] = "target-";
    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
        return false;
    const unsigned long long number = strtoull(name + sizeof(prefix) - 1, NULL, 10);
    if (number > UINT32_MAX)
        return false;
    char expected[32];
    snprintf(expected, sizeof(expected), "target-%llu.sock", number);
    *target_id = (uint32_t)number;
    return !strcmp(name, expected);
}

/* Keeps `out` sorted; when it is full, the largest gives way. */
static void insert(uint32_t *out, size_t capacity, size_t *count, uint32_t target_id)
{
    size_t at = *count;
    while (at > 0 && out[at - 1] > target_id)
        at--;
    if (at == capacity)
        return;
    const size_t moved = (*count < capacity ? *count : capacity - 1) - at;
    memmove(out + at + 1, out + at, moved * sizeof(*out));
    out[at] = target_id;
    if (*count < capacity)
        (*count)++;
}

fr_status fr_targets_list(const char *runtime_dir, uint32_t *out, size_t capacity, size_t *count)
{
    if (!count || (!out && capacity))
        return FR_ERR_ARGUMENT;
    *count = 0;
    char own_dir[FR_RUNTIME_DIR_BYTES];
    if (!runtime_dir) {
        const fr_status status = fr_runtime_dir(own_dir, sizeof(own_dir));
        if (status)
            return status;
        runtime_dir = own_dir;
    }
    DIR *dir = opendir(runtime_dir);
    if (!dir) {
        switch (errno) {
        case ENOENT:
        case ENOTDIR: return FR_OK;
        case EACCES: return FR_ERR_PERMISSION;
        case EMFILE:
        case ENFILE:
        case ENOMEM: return FR_ERR_NO_MEMORY;
        default: return FR_ERR_SYSTEM;
        }
    }
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        uint32_t target_id;
        struct stat info;
        if (parse_name(entry->d_name, &target_id) &&
            !fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(info.st_mode))
            insert(out, capacity, count, target_id);
    }
    closedir(dir);
    return FR_OK;
}
