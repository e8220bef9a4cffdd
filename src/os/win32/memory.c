/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

/* After windows.h. */
#include <psapi.h>

static DWORD view_access(int access)
{
    return access & FR_ACCESS_WRITE ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
}

fr_status fr_win32_memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                                 struct fr_memory *out)
{
    (void)self;
    if (!bytes || bytes > INT64_MAX)
        return FR_ERR_NO_MEMORY;
    struct fr_win32_name wide;
    fr_status status = fr_win32_name_of(name, &wide);
    if (status)
        return status;
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, wide.security, PAGE_READWRITE,
                                        (DWORD)((uint64_t)bytes >> 32), (DWORD)bytes, wide.global);
    status = fr_win32_status_of_create(section, &wide, GetLastError());
    void *ptr = NULL;
    if (!status && !(ptr = MapViewOfFile(section, view_access(access), 0, 0, bytes)))
        status = fr_win32_status_of_error(GetLastError());
    if (status) {
        if (section)
            CloseHandle(section);
        return status;
    }
    *out = (struct fr_memory){.ptr = ptr, .bytes = bytes, .handle = (fr_handle)section};
    return FR_OK;
}

/* A section can neither shrink nor be taken back while a view of it is there. But it may be shorter than
 * said, reserved without memory behind it, or a file whose disk goes away: reading those would end this
 * process. */
static bool holds(const void *ptr, size_t bytes, int access)
{
    MEMORY_BASIC_INFORMATION region;
    if (!VirtualQuery(ptr, &region, sizeof(region)))
        return false;
    const DWORD protection = access & FR_ACCESS_WRITE ? PAGE_READWRITE : PAGE_READONLY;
    if (region.BaseAddress != ptr || region.RegionSize < bytes || region.State != MEM_COMMIT ||
        region.Type != MEM_MAPPED || (region.Protect & 0xff) != protection)
        return false;
    wchar_t file[4];
    return !K32GetMappedFileNameW(GetCurrentProcess(), (void *)(uintptr_t)ptr, file, 4) &&
           GetLastError() != ERROR_INSUFFICIENT_BUFFER;
}

fr_status fr_win32_memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out)
{
    (void)self;
    if (!bytes || bytes > PTRDIFF_MAX)
        return FR_ERR_PROTOCOL;
    void *ptr = MapViewOfFile((HANDLE)handle, view_access(access), 0, 0, bytes);
    if (!ptr) {
        const fr_status status = fr_win32_status_of_error(GetLastError());
        /* ACCESS_DENIED: not the rights that were asked for, or shorter than `bytes`. The rest: no section.
         */
        return status == FR_ERR_NO_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_PROTOCOL;
    }
    if (!holds(ptr, bytes, access)) {
        UnmapViewOfFile(ptr);
        return FR_ERR_PROTOCOL;
    }
    *out = (struct fr_memory){.ptr = ptr, .bytes = bytes, .handle = handle};
    return FR_OK;
}

void fr_win32_memory_close(void *self, struct fr_memory *memory)
{
    if (memory->ptr) {
        UnmapViewOfFile(memory->ptr);
        fr_win32_handle_close(self, memory->handle);
    }
    *memory = (struct fr_memory){.handle = FR_HANDLE_NONE};
}
