/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "clock.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 64 };
#define LOOK_NS (50 * NS_PER_MS)

static cpu_set_t allowed;
static bool is_known;

static bool know_allowed(void)
{
    if (!is_known)
        is_known = sched_getaffinity(0, sizeof allowed, &allowed) == 0;
    return is_known;
}

/* Ticks that a processor did something, by /proc/stat. */
static void read_busy(uint64_t *busy)
{
    char line[512];
    FILE *file = fopen("/proc/stat", "re");
    memset(busy, 0, MACHINE_CPUS_MAX * sizeof *busy);
    while (file && fgets(line, sizeof line, file)) {
        unsigned cpu;
        uint64_t user, low, system, idle, wait, hard, soft, stolen;
        int got = sscanf(line,
                         "cpu%u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                         " %" SCNu64 " %" SCNu64,
                         &cpu, &user, &low, &system, &idle, &wait, &hard, &soft, &stolen);
        if (got == 9 && cpu < MACHINE_CPUS_MAX)
            busy[cpu] = user + low + system + hard + soft + stolen;
    }
    if (file)
        fclose(file);
}

unsigned machine_cpus(int *cpus, unsigned max)
{
    static uint64_t before[MACHINE_CPUS_MAX], after[MACHINE_CPUS_MAX];
    unsigned count = 0;
    if (!know_allowed())
        return 0;
    read_busy(before);
    clock_sleep_ns(LOOK_NS);
    read_busy(after);
    for (unsigned cpu = 0; cpu < MACHINE_CPUS_MAX && cpu < CPU_SETSIZE && count < max; cpu++) {
        if (!CPU_ISSET(cpu, &allowed))
            continue;
        unsigned at = count++;
        for (; at > 0 && after[cpu] - before[cpu] < after[cpus[at - 1]] - before[cpus[at - 1]]; at--)
            cpus[at] = cpus[at - 1];
        cpus[at] = (int)cpu;
    }
    return count;
}

bool machine_pin(int cpu)
{
    cpu_set_t one;
    if (!know_allowed())
        return false;
    CPU_ZERO(&one);
    if (cpu >= 0)
        CPU_SET((unsigned)cpu, &one);
    return sched_setaffinity(0, sizeof one, cpu >= 0 ? &one : &allowed) == 0;
}

uint64_t machine_ran_ns(void)
{
    return clock_thread_cpu_ns();
}

void *machine_slots_alloc(size_t bytes)
{
    int fd = memfd_create("framering-bench", MFD_CLOEXEC);
    void *memory = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)bytes) == 0)
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (memory == MAP_FAILED)
        return NULL;
    memset(memory, 1, bytes);
    return memory;
}

void machine_slots_free(void *memory, size_t bytes)
{
    if (memory)
        munmap(memory, bytes);
}

void *machine_surface_alloc(size_t bytes)
{
    size_t whole = (bytes + ALIGN - 1) / ALIGN * ALIGN;
    void *memory = aligned_alloc(ALIGN, whole);
    if (memory)
        memset(memory, 1, whole);
    return memory;
}

void machine_surface_free(void *memory)
{
    free(memory);
}
