/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "observe/targets.h"

#include "channel/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

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
        if (fr_targets_parse(entry->d_name, "target-", ".sock", &target_id) &&
            !fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) && S_ISSOCK(info.st_mode))
            fr_targets_insert(out, capacity, count, target_id);
    }
    closedir(dir);
    return FR_OK;
}
