/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "program.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/* After windows.h. */
#include <shellapi.h>
#include <timeapi.h>

#include <stdlib.h>

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

/* The manifest asks for UTF-8, which Windows grants since 10.0.18362 only. */
void fr_program_arguments(int *argc, char ***argv)
{
    int count = 0;
    LPWSTR *wide = CommandLineToArgvW(GetCommandLineW(), &count);
    char **out = wide ? calloc((size_t)count + 1, sizeof(*out)) : NULL;
    bool good = out != NULL;
    for (int i = 0; good && i < count; i++) {
        const int bytes = WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, NULL, 0, NULL, NULL);
        out[i] = bytes > 0 ? malloc((size_t)bytes) : NULL;
        good = out[i] && WideCharToMultiByte(CP_UTF8, 0, wide[i], -1, out[i], bytes, NULL, NULL) > 0;
    }
    LocalFree(wide);
    if (!good)
        return; /* out of memory: the rest will tell */
    *argc = count;
    *argv = out;
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

void fr_sleep_ns(uint64_t duration_ns)
{
    const uint64_t ms = duration_ns / FR_NS_PER_MS + (duration_ns % FR_NS_PER_MS != 0);
    const DWORD wait_ms = ms < INFINITE ? (DWORD)ms : INFINITE - 1;
    if (stop_event)
        WaitForSingleObject(stop_event, wait_ms);
    else
        Sleep(wait_ms);
}
