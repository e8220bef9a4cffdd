/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "trouble.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

enum { LAST_HANDLE = 4096, KILLED = 137, SEND_MS = 1000 };

void fr_trouble_die(void)
{
    TerminateProcess(GetCurrentProcess(), KILLED);
}

static bool is_standard(HANDLE handle)
{
    return handle == GetStdHandle(STD_INPUT_HANDLE) || handle == GetStdHandle(STD_OUTPUT_HANDLE) ||
           handle == GetStdHandle(STD_ERROR_HANDLE);
}

/* The library does not tell its pipe, so that is looked for among our handles: the client's end of one that
 * another process made. */
static HANDLE find_pipe(void)
{
    for (uintptr_t value = 4; value <= LAST_HANDLE; value += 4) {
        HANDLE handle = (HANDLE)value;
        DWORD flags;
        ULONG server;
        if (GetHandleInformation(handle, &flags) && !is_standard(handle) &&
            GetFileType(handle) == FILE_TYPE_PIPE && GetNamedPipeInfo(handle, &flags, NULL, NULL, NULL) &&
            !(flags & PIPE_SERVER_END) && GetNamedPipeServerProcessId(handle, &server) &&
            server != GetCurrentProcessId())
            return handle;
    }
    return NULL;
}

bool fr_trouble_send(const void *bytes, size_t num_bytes)
{
    HANDLE pipe = find_pipe();
    OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    DWORD sent = 0;
    bool done = false;
    if (pipe && overlapped.hEvent) {
        done = WriteFile(pipe, bytes, (DWORD)num_bytes, NULL, &overlapped);
        if (!done && GetLastError() == ERROR_IO_PENDING) {
            if (WaitForSingleObject(overlapped.hEvent, SEND_MS) != WAIT_OBJECT_0)
                CancelIoEx(pipe, &overlapped);
            done = GetOverlappedResult(pipe, &overlapped, &sent, TRUE);
        }
    }
    if (overlapped.hEvent)
        CloseHandle(overlapped.hEvent);
    return done;
}
