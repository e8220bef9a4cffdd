/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* terminate PID: ends a process as a task manager does. Wine's taskkill leaves the exit code 0 behind. */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    HANDLE process = argc == 2 ? OpenProcess(PROCESS_TERMINATE, FALSE, strtoul(argv[1], NULL, 10)) : NULL;
    if (!process || !TerminateProcess(process, 1)) {
        fprintf(stderr, "terminate: error %lu\n", GetLastError());
        return 1;
    }
    return 0;
}
