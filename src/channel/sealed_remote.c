/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/sealed_remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { IMAGE_CHARS = 1024 };

/* DXGI_SHARED_RESOURCE_READ | DXGI_SHARED_RESOURCE_WRITE, whose header belongs to the backend. */
#define TEXTURE_READ_WRITE 0x80000001u

static bool is_dead(HANDLE process)
{
    return WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
}

fr_status fr_remote_open(uint32_t pid, HANDLE *out, char why[FR_REMOTE_WHY_BYTES])
{
    *out = OpenProcess(PROCESS_DUP_HANDLE | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, pid);
    if (!*out) {
        const DWORD error = GetLastError();
        if (error == ERROR_INVALID_PARAMETER)
            return FR_END;
        snprintf(why, FR_REMOTE_WHY_BYTES,
                 "its process (pid %" PRIu32 ") cannot be opened (error %lu): run both as one user, or the "
                 "host as administrator",
                 pid, error);
        return FR_ERR_PERMISSION;
    }
    if (!is_dead(*out))
        return FR_OK;
    CloseHandle(*out);
    *out = NULL;
    return FR_END;
}

fr_status fr_remote_check_image(HANDLE process, const wchar_t *image, char why[FR_REMOTE_WHY_BYTES])
{
    wchar_t path[IMAGE_CHARS];
    DWORD chars = IMAGE_CHARS;
    if (!QueryFullProcessImageNameW(process, 0, path, &chars)) {
        snprintf(why, FR_REMOTE_WHY_BYTES, "its image cannot be read (error %lu)", GetLastError());
        return FR_ERR_PERMISSION;
    }
    if (CompareStringOrdinal(path, -1, image, -1, TRUE) == CSTR_EQUAL)
        return FR_OK;
    char text[FR_REMOTE_WHY_BYTES];
    if (!WideCharToMultiByte(CP_UTF8, 0, path, -1, text, sizeof(text), NULL, NULL))
        snprintf(text, sizeof(text), "another one");
    snprintf(why, FR_REMOTE_WHY_BYTES, "its image is not the one that is allowed: %.120s", text);
    return FR_ERR_PERMISSION;
}

void fr_remote_image_name(HANDLE process, char *out, size_t bytes)
{
    wchar_t path[IMAGE_CHARS];
    char text[IMAGE_CHARS];
    DWORD chars = IMAGE_CHARS;
    out[0] = '\0';
    if (!QueryFullProcessImageNameW(process, 0, path, &chars))
        return;
    const wchar_t *name = wcsrchr(path, L'\\');
    if (WideCharToMultiByte(CP_UTF8, 0, name ? name + 1 : path, -1, text, sizeof(text), NULL, NULL))
        fr_msg_put_text(out, bytes, text);
}

static DWORD access_of(enum fr_object_kind kind, DWORD *options)
{
    *options = 0;
    switch (kind) {
    case FR_OBJECT_HEADER:
    case FR_OBJECT_SLOTS: return SECTION_MAP_READ | SECTION_MAP_WRITE | SECTION_QUERY;
    case FR_OBJECT_EVENT: return EVENT_MODIFY_STATE;
    case FR_OBJECT_TEXTURE: return TEXTURE_READ_WRITE;
    default:
        /* Direct3D knows shared fences with all access only. */
        *options = DUPLICATE_SAME_ACCESS;
        return 0;
    }
}

static fr_status give(HANDLE process, fr_handle handle, DWORD access, DWORD options, struct fr_gift *out)
{
    HANDLE there = NULL;
    if (DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, process, &there, access, FALSE, options)) {
        out->value[out->count++] = (uint64_t)(uintptr_t)there;
        return FR_OK;
    }
    const DWORD error = GetLastError();
    if (is_dead(process))
        return FR_END;
    return fr_win32_status_of_error(error) == FR_ERR_NO_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
}

fr_status fr_remote_give(HANDLE process, const fr_handle *handle, const enum fr_object_kind *kind,
                         size_t count, struct fr_gift *out)
{
    *out = (struct fr_gift){0};
    for (size_t i = 0; i < count; i++) {
        DWORD options;
        const DWORD access = access_of(kind[i], &options);
        const fr_status status = give(process, handle[i], access, options, out);
        if (status) {
            fr_remote_take_back(process, out);
            return status;
        }
    }
    return FR_OK;
}

fr_status fr_remote_give_same(HANDLE process, fr_handle handle, struct fr_gift *out)
{
    *out = (struct fr_gift){0};
    return give(process, handle, 0, DUPLICATE_SAME_ACCESS, out);
}

void fr_remote_take_back(HANDLE process, struct fr_gift *gift)
{
    for (size_t i = 0; i < gift->count; i++) {
        HANDLE mine = NULL;
        /* Moved here first: not every system closes one without a place for it. */
        if (DuplicateHandle(process, (HANDLE)(uintptr_t)gift->value[i], GetCurrentProcess(), &mine, 0, FALSE,
                            DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
            CloseHandle(mine);
    }
    gift->count = 0;
}

bool fr_remote_is_handle(uint64_t value)
{
    DWORD flags;
    /* Handles have 32 bits in every process; the pseudo handles of a process and its threads are negative. */
    return value && value <= INT32_MAX && GetHandleInformation((HANDLE)(uintptr_t)value, &flags);
}
