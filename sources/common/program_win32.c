/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* After windows.h. */
#include <timeapi.h>

/* Manual reset; NULL before fr_program_start. The system has no object to hang it on. */
static HANDLE stop_event;

/* On a thread of the system's own. The process ends when this returns from a close, a logoff or a shutdown.
 */
static BOOL WINAPI stop(DWORD what)
{
    SetEvent(stop_event);
    if (what != CTRL_C_EVENT && what != CTRL_BREAK_EVENT)
        Sleep(5000);
    return TRUE;
}

void fr_program_start(void)
{
    stop_event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (stop_event)
        SetConsoleCtrlHandler(stop, TRUE);
    /* Else waits end at ticks of 15.6 ms, which is a frame. */
    timeBeginPeriod(1);
}

bool fr_program_stopped(void)
{
    return stop_event && WaitForSingleObject(stop_event, 0) == WAIT_OBJECT_0;
}

uint64_t fr_now_ns(void)
{
    LARGE_INTEGER frequency, ticks;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&ticks);
    const uint64_t per_s = (uint64_t)frequency.QuadPart, now = (uint64_t)ticks.QuadPart;
    return now / per_s * FR_NS_PER_S + now % per_s * FR_NS_PER_S / per_s;
}

void fr_sleep_ns(uint64_t duration_ns)
{
    const uint64_t ms = duration_ns / FR_NS_PER_MS + (duration_ns % FR_NS_PER_MS != 0);
    const DWORD wait_ms = ms < INFINITE ? (DWORD)ms : INFINITE - 1;
    if (stop_event)
        WaitForSingleObject(stop_event, wait_ms);
    else
        Sleep(wait_ms);
}
