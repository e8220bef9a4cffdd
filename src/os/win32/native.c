/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

void fr_win32_handle_close(void *self, fr_handle handle)
{
    (void)self;
    if (handle != FR_HANDLE_NONE && handle)
        CloseHandle((HANDLE)handle);
}

fr_status fr_win32_status_of_error(DWORD error)
{
    switch (error) {
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_DISK_FULL: return FR_ERR_NO_MEMORY;
    case ERROR_ACCESS_DENIED: return FR_ERR_PERMISSION;
    default: return FR_ERR_SYSTEM;
    }
}

fr_status fr_win32_status_of_create(HANDLE object, const struct fr_win32_name *name, DWORD error)
{
    /* INVALID_HANDLE: the name is that of an object of another kind. */
    if (name->global && error == (object ? ERROR_ALREADY_EXISTS : ERROR_INVALID_HANDLE))
        return FR_ERR_TARGET_BUSY;
    return object ? FR_OK : fr_win32_status_of_error(error);
}

fr_status fr_win32_name_of(const struct fr_object_name *name, struct fr_win32_name *out)
{
    out->global = NULL;
    out->security = name ? name->security : NULL;
    if (!name || !name->global)
        return FR_OK;
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name->global, -1, out->text, MAX_PATH))
        return FR_ERR_ARGUMENT;
    out->global = out->text;
    return FR_OK;
}

static const struct fr_os_ops native_ops = {
    .now_ns = fr_win32_now_ns,
    .memory_create = fr_win32_memory_create,
    .memory_map = fr_win32_memory_map,
    .memory_close = fr_win32_memory_close,
    .event_create = fr_win32_event_create,
    .event_signal = fr_win32_event_signal,
    .event_reset = fr_win32_event_reset,
    .event_close = fr_win32_event_close,
    .wait = fr_win32_wait,
    .wait_only = fr_win32_wait_only,
    .handle_close = fr_win32_handle_close,
};

struct fr_os fr_os_native(void)
{
    return (struct fr_os){.ops = &native_ops, .self = NULL};
}

uint32_t fr_os_process_id(void)
{
    return GetCurrentProcessId();
}
