/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "stop.h"

#include "win32/stop_event.h"

#include <stddef.h>

enum { CLOSE_WAIT_MS = 10000 };

static volatile LONG requested;
static HANDLE stop_event; /* NULL until stop_install */

/* On a thread that the system makes for it. */
static BOOL WINAPI on_control(DWORD kind)
{
    InterlockedExchange(&requested, 1);
    SetEvent(stop_event);
    /* A closed window, a logoff: the process ends when this returns, and the system waits for a few seconds
     * only. Until then the main thread closes its files. */
    if (kind == CTRL_CLOSE_EVENT || kind == CTRL_LOGOFF_EVENT || kind == CTRL_SHUTDOWN_EVENT)
        Sleep(CLOSE_WAIT_MS);
    return TRUE;
}

void stop_install(void)
{
    if (stop_event)
        return;
    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    /* A Ctrl-C that the caller has us ignore (SetConsoleCtrlHandler with NULL) stays ignored. */
    if (stop_event)
        SetConsoleCtrlHandler(on_control, TRUE);
}

bool stop_requested(void)
{
    return InterlockedCompareExchange(&requested, 0, 0) != 0;
}

bool stop_event_wait(HANDLE object, uint64_t timeout_ms)
{
    HANDLE handles[2];
    DWORD count = 0;
    if (object)
        handles[count++] = object;
    /* Once it is set, it would make every wait a spin. */
    if (stop_event && !stop_requested())
        handles[count++] = stop_event;
    DWORD ms = timeout_ms < INFINITE ? (DWORD)timeout_ms : INFINITE - 1;
    if (count == 0) {
        Sleep(ms);
        return false;
    }
    return WaitForMultipleObjects(count, handles, FALSE, ms) == WAIT_OBJECT_0 && object;
}
