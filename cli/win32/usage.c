/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include "win32/windows_lean.h"

#include <psapi.h>

/* In units of 100 ns. */
static uint64_t to_ns(FILETIME t)
{
    return ((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime) * 100;
}

static uint64_t cpu_ns_of(HANDLE process)
{
    FILETIME made, ended, kernel, user;
    return GetProcessTimes(process, &made, &ended, &kernel, &user) ? to_ns(kernel) + to_ns(user) : 0;
}

void process_usage_self(struct process_usage *out)
{
    out->cpu_ns = cpu_ns_of(GetCurrentProcess());
    out->context_switches = 0;
}

uint64_t process_cpu_ns(int64_t pid)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)pid);
    if (!process)
        return 0;
    uint64_t ns = cpu_ns_of(process);
    CloseHandle(process);
    return ns;
}

uint64_t process_rss_bytes(void)
{
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    return K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) ? counters.WorkingSetSize
                                                                                    : 0;
}
