/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "observe/targets.h"

#include "channel/dial.h"
#include "channel/sealed.h"
#include "os/win32/win32.h"

#include <stdio.h>

/* Not every system lists its pipes. */
static fr_status status_of_list(DWORD error)
{
    switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_NO_MORE_FILES: return FR_OK;
    case ERROR_ACCESS_DENIED: return FR_ERR_PERMISSION;
    default: return FR_ERR_UNSUPPORTED;
    }
}

fr_status fr_targets_list(const char *runtime_dir, uint32_t *out, size_t capacity, size_t *count)
{
    if (!count || (!out && capacity))
        return FR_ERR_ARGUMENT;
    *count = 0;
    char before[FR_ADDRESS_BYTES];
    snprintf(before, sizeof(before), "%s-", runtime_dir ? runtime_dir : FR_PIPE_PREFIX);
    WIN32_FIND_DATAW entry;
    HANDLE list = FindFirstFileW(L"\\\\.\\pipe\\*", &entry);
    if (list == INVALID_HANDLE_VALUE)
        return status_of_list(GetLastError());
    do {
        char name[3 * MAX_PATH];
        uint32_t target_id;
        if (WideCharToMultiByte(CP_UTF8, 0, entry.cFileName, -1, name, sizeof(name), NULL, NULL) &&
            fr_targets_parse(name, before, "", &target_id))
            fr_targets_insert(out, capacity, count, target_id);
    } while (FindNextFileW(list, &entry));
    FindClose(list);
    return FR_OK;
}

/* Pipes have one folder for all. */
fr_status fr_runtime_dir(char *out, size_t bytes)
{
    if (!out || !bytes)
        return FR_ERR_ARGUMENT;
    out[0] = '\0';
    return FR_ERR_UNSUPPORTED;
}
