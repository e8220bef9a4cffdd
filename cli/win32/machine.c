/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "clock.h"
#include "win32/windows_lean.h"

#include <malloc.h>
#include <stdint.h>
#include <string.h>

enum { ALIGN = 64, MASK_BITS = 8 * sizeof(DWORD_PTR) };

static DWORD_PTR allowed_mask(void)
{
    DWORD_PTR process = 0, machine = 0;
    return GetProcessAffinityMask(GetCurrentProcess(), &process, &machine) ? process : 0;
}

/* In the order of their numbers: Windows tells no single processor's load without a service. */
unsigned machine_cpus(int *cpus, unsigned max)
{
    DWORD_PTR allowed = allowed_mask();
    unsigned count = 0;
    for (int cpu = 0; cpu < MASK_BITS && count < max; cpu++)
        if (allowed >> cpu & 1)
            cpus[count++] = cpu;
    return count;
}

bool machine_pin(int cpu)
{
    DWORD_PTR mask = cpu >= 0 ? (DWORD_PTR)1 << cpu : allowed_mask();
    return mask && SetThreadAffinityMask(GetCurrentThread(), mask) != 0;
}

uint64_t machine_ran_ns(void)
{
    return fr_clock_now_ns();
}

void *machine_slots_alloc(size_t bytes)
{
    HANDLE object = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
                                       (DWORD)((uint64_t)bytes >> 32), (DWORD)bytes, NULL);
    void *memory = object ? MapViewOfFile(object, FILE_MAP_ALL_ACCESS, 0, 0, bytes) : NULL;
    if (object)
        CloseHandle(object);
    if (memory)
        memset(memory, 1, bytes);
    return memory;
}

void machine_slots_free(void *memory, size_t bytes)
{
    (void)bytes;
    if (memory)
        UnmapViewOfFile(memory);
}

void *machine_surface_alloc(size_t bytes)
{
    void *memory = _aligned_malloc(bytes, ALIGN);
    if (memory)
        memset(memory, 1, bytes);
    return memory;
}

void machine_surface_free(void *memory)
{
    _aligned_free(memory);
}
