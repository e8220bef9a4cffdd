/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "figures.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint32_t first, num, room;
static uint64_t *times, longest_ns, begin_ns, begin_cpu_ns, end_ns, end_cpu_ns;
static FILE *each;

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool figures_begin(uint32_t frames, const char *file)
{
    first = frames / 2 + 1;
    room = frames - frames / 2;
    num = 0;
    times = calloc(room ? room : 1, sizeof(*times));
    if (!times)
        room = 0;
    each = file ? fopen(file, "w") : NULL;
    return each || !file;
}

void figures_note(uint32_t frame, uint64_t present_begin_ns)
{
    const uint64_t now_ns = read_clock(CLOCK_MONOTONIC), cpu_ns = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    const uint64_t present_ns = now_ns - present_begin_ns;
    if (each)
        fprintf(each, "%" PRIu64 " %" PRIu64 "\n", present_begin_ns, present_ns);
    if (frame + 1 == first) {
        begin_ns = now_ns;
        begin_cpu_ns = cpu_ns;
    }
    longest_ns = present_ns > longest_ns ? present_ns : longest_ns;
    if (frame < first || num == room)
        return;
    times[num++] = present_ns;
    end_ns = now_ns;
    end_cpu_ns = cpu_ns;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double present_us(uint32_t permille)
{
    return (double)times[(uint64_t)(num - 1) * permille / 1000] / 1000;
}

void figures_say(void)
{
    if (num && begin_ns && end_ns > begin_ns) {
        qsort(times, num, sizeof(times[0]), compare);
        printf(
            "figures: %.1f frames/s, present %.1f us p50, %.1f us p99, %.1f us max, %.1f us of CPU a frame; "
            "the longest present of all %.1f us\n",
            num * 1e9 / (double)(end_ns - begin_ns), present_us(500), present_us(990), present_us(1000),
            (double)(end_cpu_ns - begin_cpu_ns) / 1000 / num, (double)longest_ns / 1000);
    }
    if (each)
        fclose(each);
    each = NULL;
    free(times);
    times = NULL;
    num = room = 0;
}

static int entries_of(const char *folder)
{
    int found = 0;
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry = open_folder ? readdir(open_folder) : NULL; entry;
         entry = readdir(open_folder))
        found += entry->d_name[0] != '.';
    if (open_folder)
        closedir(open_folder);
    return found;
}

/* A thread that was joined still is in its folder for a moment: as many as there are for a while. */
static int settled_threads(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    int threads = entries_of("/proc/self/task"), same = 0;
    for (int i = 0; i < 500 && same < 5; i++) {
        nanosleep(&pause, NULL);
        const int now = entries_of("/proc/self/task");
        same = now == threads ? same + 1 : 0;
        threads = now;
    }
    return threads;
}

void figures_say_open(const char *when)
{
    const int threads = settled_threads();
    /* But the folder that is being read. */
    printf("%s: %d files, %d threads\n", when, entries_of("/proc/self/fd") - 1, threads);
}
