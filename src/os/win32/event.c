/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

#include <assert.h>

enum { EVENTS_MAX = 4, UNWAITABLE_MS = 10 };

fr_status fr_win32_event_create(void *self, const struct fr_object_name *name, struct fr_event *out)
{
    (void)self;
    struct fr_win32_name wide;
    fr_status status = fr_win32_name_of(name, &wide);
    if (status)
        return status;
    HANDLE event = CreateEventW(wide.security, FALSE, FALSE, wide.global);
    status = fr_win32_status_of_create(event, &wide, GetLastError());
    if (status) {
        if (event)
            CloseHandle(event);
        return status;
    }
    out->handle = (fr_handle)event;
    return FR_OK;
}

void fr_win32_event_signal(void *self, const struct fr_event *event)
{
    (void)self;
    SetEvent((HANDLE)event->handle);
}

void fr_win32_event_close(void *self, struct fr_event *event)
{
    fr_win32_handle_close(self, event->handle);
    event->handle = FR_HANDLE_NONE;
}

/* Never shorter than said; more than Windows can wait for is for ever. */
static DWORD timeout_ms(uint64_t timeout_ns)
{
    const uint64_t ms = timeout_ns / FR_NS_PER_MS + (timeout_ns % FR_NS_PER_MS != 0);
    return ms < INFINITE ? (DWORD)ms : INFINITE;
}

fr_status fr_win32_wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns)
{
    (void)self;
    assert(count <= EVENTS_MAX);
    const DWORD ms = timeout_ms(timeout_ns);
    if (!count) {
        Sleep(ms);
        return FR_TIMEOUT;
    }
    HANDLE handles[EVENTS_MAX];
    for (size_t i = 0; i < count; i++)
        handles[i] = (HANDLE)events[i]->handle;
    const DWORD woken = WaitForMultipleObjects((DWORD)count, handles, FALSE, ms);
    if (woken == WAIT_TIMEOUT)
        return FR_TIMEOUT;
    if (woken >= WAIT_OBJECT_0 + count) {
        /* A delivered handle that cannot be waited on must not turn the caller's loop into a spin. */
        Sleep(ms < UNWAITABLE_MS ? ms : UNWAITABLE_MS);
        return FR_TIMEOUT;
    }
    for (size_t i = woken - WAIT_OBJECT_0 + 1; i < count; i++)
        WaitForSingleObject(handles[i], 0);
    return FR_OK;
}
