/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include "win32/stop_event.h"

#include <time.h>

uint64_t clock_thread_cpu_ns(void)
{
    FILETIME made, ended, kernel, user;
    if (!GetThreadTimes(GetCurrentThread(), &made, &ended, &kernel, &user))
        return 0;
    /* In units of 100 ns. */
    return (((uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime) +
            ((uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime)) *
           100;
}

void clock_sleep_ns(uint64_t ns)
{
    stop_event_wait(NULL, (ns + NS_PER_MS - 1) / NS_PER_MS);
}

bool clock_write_local(char *out, size_t bytes, const char *format)
{
    time_t now = time(NULL);
    struct tm local;
    return localtime_s(&local, &now) == 0 && strftime(out, bytes, format, &local) > 0;
}
