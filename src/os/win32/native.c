/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

void fr_win32_handle_close(void *self, fr_handle handle)
{
    (void)self;
    if (handle != FR_HANDLE_NONE && handle)
        CloseHandle((HANDLE)handle);
}

static const struct fr_os_ops native_ops = {
    .now_ns = fr_win32_now_ns,
    .memory_create = fr_win32_memory_create,
    .memory_map = fr_win32_memory_map,
    .memory_close = fr_win32_memory_close,
    .event_create = fr_win32_event_create,
    .event_signal = fr_win32_event_signal,
    .event_close = fr_win32_event_close,
    .wait = fr_win32_wait,
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
