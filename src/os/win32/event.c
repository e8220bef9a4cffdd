/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/win32/win32.h"

#include <assert.h>

enum { EVENTS_MAX = 4, UNWAITABLE_MS = 10, LATE_MS = 100 };

/* Timeouts up to here are kept to the half millisecond; else they end at a tick, every 15.6 ms. */
#define EXACT_NS (200 * FR_NS_PER_MS)

/* Not in every header. */
#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 0x2
#endif

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

void fr_win32_event_reset(void *self, const struct fr_event *event)
{
    (void)self;
    ResetEvent((HANDLE)event->handle);
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

/* A timer that runs; NULL where there is none of this kind (before Windows 10 1803), or it is not worth one.
 */
static HANDLE exact_timer(uint64_t timeout_ns)
{
    if (!timeout_ns || timeout_ns > EXACT_NS)
        return NULL;
    HANDLE timer =
        CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    /* In 100 ns, negative: from now. */
    const LARGE_INTEGER due = {.QuadPart = -(LONGLONG)((timeout_ns + 99) / 100)};
    if (timer && SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE))
        return timer;
    if (timer)
        CloseHandle(timer);
    return NULL;
}

fr_status fr_win32_wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns)
{
    (void)self;
    assert(count <= EVENTS_MAX);
    HANDLE handles[EVENTS_MAX + 1];
    for (size_t i = 0; i < count; i++)
        handles[i] = (HANDLE)events[i]->handle;
    HANDLE timer = exact_timer(timeout_ns);
    const DWORD ms = timeout_ms(timeout_ns);
    DWORD woken = WAIT_TIMEOUT;
    handles[count] = timer;
    if (count || timer)
        woken = WaitForMultipleObjects((DWORD)(count + (timer != NULL)), handles, FALSE,
                                       timer ? ms + LATE_MS : ms);
    else
        Sleep(ms);
    if (timer)
        CloseHandle(timer);
    if (woken == WAIT_TIMEOUT || woken == WAIT_OBJECT_0 + count)
        return FR_TIMEOUT;
    if (woken > WAIT_OBJECT_0 + count) {
        /* A delivered handle that cannot be waited on must not turn the caller's loop into a spin. */
        Sleep(ms < UNWAITABLE_MS ? ms : UNWAITABLE_MS);
        return FR_TIMEOUT;
    }
    for (size_t i = woken - WAIT_OBJECT_0 + 1; i < count; i++)
        WaitForSingleObject(handles[i], 0);
    return FR_OK;
}

fr_status fr_win32_wait_only(void *self, const struct fr_event *const *events, size_t count,
                             uint64_t timeout_ns, uint32_t *left)
{
    *left = 0; /* the wait itself resets */
    return fr_win32_wait(self, events, count, timeout_ns);
}
