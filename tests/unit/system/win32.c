/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"
#include "system/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t system_page_bytes(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

uint8_t *system_pages_create(size_t count, bool guards)
{
    const size_t page = system_page_bytes();
    uint8_t *const pages = VirtualAlloc(NULL, count * page, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    assert_non_null(pages);
    for (size_t i = 0; guards && i < count; i += 2) {
        DWORD before;
        assert_true(VirtualProtect(pages + i * page, page, PAGE_NOACCESS, &before));
    }
    return pages;
}

void system_pages_destroy(uint8_t *pages, size_t count)
{
    (void)count;
    VirtualFree(pages, 0, MEM_RELEASE);
}

void system_set_env(const char *name, const char *value)
{
    assert_int_equal(_putenv_s(name, value ? value : ""), 0);
}

char *system_folder_create(void)
{
    char *folder = malloc(MAX_PATH);
    assert_non_null(folder);
    const DWORD length = GetTempPathA(MAX_PATH - 32, folder);
    assert_in_range(length, 1, MAX_PATH - 32);
    for (DWORD i = 0; i < length; i++)
        if (folder[i] == '\\')
            folder[i] = '/';
    snprintf(folder + length, MAX_PATH - length, "framering-test-%lu-%llu", GetCurrentProcessId(),
             (unsigned long long)GetTickCount64());
    assert_true(CreateDirectoryA(folder, NULL));
    return folder;
}

void system_folder_remove(char *folder)
{
    char pattern[MAX_PATH + 8], path[2 * MAX_PATH];
    WIN32_FIND_DATAA entry;
    snprintf(pattern, sizeof(pattern), "%s/*", folder);
    HANDLE search = FindFirstFileA(pattern, &entry);
    for (BOOL more = search != INVALID_HANDLE_VALUE; more; more = FindNextFileA(search, &entry)) {
        snprintf(path, sizeof(path), "%s/%s", folder, entry.cFileName);
        if (entry.cFileName[0] != '.')
            DeleteFileA(path);
    }
    if (search != INVALID_HANDLE_VALUE)
        FindClose(search);
    RemoveDirectoryA(folder);
    free(folder);
}

bool system_file_exists(const char *path)
{
    return GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}

void system_program_copy(const char *from, const char *to)
{
    assert_true(CopyFileA(from, to, FALSE));
}

/* GetProcessHandleCount counts nothing under Wine. Far fewer handles than these are ever open here. */
#define HANDLE_STEP 4
#define HANDLE_END 8192

size_t system_count_handles(void)
{
    size_t count = 0;
    for (intptr_t value = HANDLE_STEP; value < HANDLE_END; value += HANDLE_STEP) {
        DWORD flags;
        count += GetHandleInformation((HANDLE)value, &flags) != 0;
    }
    return count;
}

intptr_t system_duplicate_handle(intptr_t handle)
{
    HANDLE copy;
    assert_true(DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    return (intptr_t)copy;
}
