/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_WIN32_WIN32_H
#define FR_OS_WIN32_WIN32_H

/* The parts of fr_os_native, one file each. See os/os.h for what they promise. */

#include "os/os.h"

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

/* An fr_object_name as Windows wants it. */
struct fr_win32_name {
    const wchar_t *global;         /* NULL: unnamed, else `text` */
    SECURITY_ATTRIBUTES *security; /* NULL: the default */
    wchar_t text[MAX_PATH];
};

/* `name` may be NULL. FR_ERR_ARGUMENT: too long, or not UTF-8. *out must not be moved. */
fr_status fr_win32_name_of(const struct fr_object_name *name, struct fr_win32_name *out);

uint64_t fr_win32_now_ns(void *self);
/* Ticks of QueryPerformanceCounter as nanoseconds: the same time as fr_win32_now_ns. */
uint64_t fr_win32_ns_of_ticks(uint64_t ticks);

/* FR_ERR_NO_MEMORY, FR_ERR_PERMISSION or FR_ERR_SYSTEM. */
fr_status fr_win32_status_of_error(DWORD error);
/* What became of making the object `name`, by GetLastError() after it: as above, FR_ERR_TARGET_BUSY when it
 * was there already, or FR_OK. */
fr_status fr_win32_status_of_create(HANDLE object, const struct fr_win32_name *name, DWORD error);

fr_status fr_win32_memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                                 struct fr_memory *out);
fr_status fr_win32_memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out);
void fr_win32_memory_close(void *self, struct fr_memory *memory);

fr_status fr_win32_event_create(void *self, const struct fr_object_name *name, struct fr_event *out);
void fr_win32_event_signal(void *self, const struct fr_event *event);
void fr_win32_event_reset(void *self, const struct fr_event *event);
void fr_win32_event_close(void *self, struct fr_event *event);
fr_status fr_win32_wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns);
fr_status fr_win32_wait_only(void *self, const struct fr_event *const *events, size_t count,
                             uint64_t timeout_ns, uint32_t *left);

void fr_win32_handle_close(void *self, fr_handle handle);

#endif
