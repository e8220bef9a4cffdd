/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "files.h"

#include "win32/text.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

const char files_program_suffix[] = ".exe";

/* Beside this program, where they are installed, and a build tree. */
const char *const files_source_folders[] = {".", "../sources", NULL};

/* Nothing is inherited anyway: child.c names the handles that are. */
FILE *files_open(const char *path, const char *mode)
{
    wchar_t wide[FILES_PATH_MAX], wide_mode[8];
    if (!text_to_wide(path, wide, FILES_PATH_MAX) || !text_to_wide(mode, wide_mode, 8)) {
        errno = EINVAL;
        return NULL;
    }
    return _wfopen(wide, wide_mode);
}

/* INVALID_FILE_ATTRIBUTES: there is none. */
static DWORD attributes_of(const char *path, uint64_t *size)
{
    wchar_t wide[FILES_PATH_MAX];
    WIN32_FILE_ATTRIBUTE_DATA data;
    if (!text_to_wide(path, wide, FILES_PATH_MAX) ||
        !GetFileAttributesExW(wide, GetFileExInfoStandard, &data))
        return INVALID_FILE_ATTRIBUTES;
    *size = (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow;
    return data.dwFileAttributes;
}

static bool is_file(const char *path, uint64_t *size)
{
    DWORD attributes = attributes_of(path, size);
    return attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY);
}

bool files_exist(const char *path)
{
    uint64_t size;
    return attributes_of(path, &size) != INVALID_FILE_ATTRIBUTES;
}

bool files_is_program(const char *path)
{
    size_t length = strlen(path), suffix = strlen(files_program_suffix);
    uint64_t size;
    return length > suffix && _stricmp(path + length - suffix, files_program_suffix) == 0 &&
           is_file(path, &size);
}

void files_remove(const char *path)
{
    wchar_t wide[FILES_PATH_MAX];
    if (text_to_wide(path, wide, FILES_PATH_MAX))
        DeleteFileW(wide);
}

void files_remove_empty(const char *path)
{
    uint64_t size;
    if (is_file(path, &size) && size == 0)
        files_remove(path);
}

bool files_make_temporary(char *out, size_t bytes, const char *suffix)
{
    wchar_t folder[MAX_PATH + 1], wide[FILES_PATH_MAX], wide_suffix[16];
    LARGE_INTEGER ticks;
    if (!GetTempPathW(MAX_PATH + 1, folder) || !text_to_wide(suffix, wide_suffix, 16)) {
        snprintf(out, bytes, "the folder for temporary files");
        return false;
    }
    QueryPerformanceCounter(&ticks);
    for (unsigned i = 0; i < 100; i++) {
        swprintf(wide, FILES_PATH_MAX, L"%lsframering-%lx-%llx%ls", folder, GetCurrentProcessId(),
                 (unsigned long long)ticks.QuadPart + i, wide_suffix);
        HANDLE file = CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            CloseHandle(file);
            return text_from_wide(wide, out, bytes);
        }
    }
    text_from_wide(folder, out, bytes);
    return false;
}

void files_list(const char *folder, void (*name)(void *user, const char *name), void *user)
{
    wchar_t wide[FILES_PATH_MAX];
    char pattern[FILES_PATH_MAX], found[3 * MAX_PATH];
    WIN32_FIND_DATAW data;
    snprintf(pattern, sizeof pattern, "%s/*", folder);
    HANDLE search =
        text_to_wide(pattern, wide, FILES_PATH_MAX) ? FindFirstFileW(wide, &data) : INVALID_HANDLE_VALUE;
    if (search == INVALID_HANDLE_VALUE)
        return;
    do {
        if (text_from_wide(data.cFileName, found, sizeof found))
            name(user, found);
    } while (FindNextFileW(search, &data));
    FindClose(search);
}

static bool self_wide(wchar_t *out, size_t count)
{
    DWORD length = GetModuleFileNameW(NULL, out, (DWORD)count);
    return length > 0 && length < count;
}

bool files_self(char *out, size_t bytes)
{
    wchar_t self[FILES_PATH_MAX];
    return self_wide(self, FILES_PATH_MAX) && text_from_wide(self, out, bytes);
}

bool files_beside(const char *relative, char *out, size_t bytes)
{
    wchar_t self[FILES_PATH_MAX], joined[2 * FILES_PATH_MAX], wide[FILES_PATH_MAX];
    if (!self_wide(self, FILES_PATH_MAX) || !text_to_wide(relative, wide, FILES_PATH_MAX))
        return false;
    wchar_t *slash = wcsrchr(self, L'\\');
    if (!slash)
        return false;
    *slash = L'\0';
    swprintf(joined, 2 * FILES_PATH_MAX, L"%ls\\%ls", self, wide);
    DWORD length = GetFullPathNameW(joined, FILES_PATH_MAX, wide, NULL);
    return length > 0 && length < FILES_PATH_MAX && text_from_wide(wide, out, bytes);
}
