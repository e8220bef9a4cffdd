/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "bare_targets.h"
#include "changes.h"
#include "handoff.h"
#include "live.h"
#include "probe.h"
#include "stats.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Many targets on one GPU: a source process each, or one for all; all captures in one host process. */

enum { TARGETS_MAX = LIVE_MAX };

struct target {
    struct live live;
    struct live_host host;
    pthread_t thread;
    _Atomic uint64_t converted;
    _Atomic bool failed;
};

static _Atomic bool stopping;

/* The one before is waited for when the next is there, so that two are under way. */
static void *run_target(void *user)
{
    struct target *const target = user;
    struct live_shared *const shared = target->live.shared;
    fr_frame frame[2] = {0};
    uint32_t wanted = 0;
    for (uint32_t i = 0; !atomic_load(&stopping); i++) {
        /* One is on its way while one is converted. `pushed` may lag behind what was taken. */
        const uint32_t pushed = atomic_load(&shared->pushed);
        wanted = (pushed > wanted ? pushed : wanted) + 1;
        const bool asks = target->live.period_us == 0;
        if ((asks && !live_host_ask(&target->host, wanted)) ||
            !live_host_next(&target->host, &frame[i % 2])) {
            atomic_store(&target->failed, true);
            break;
        }
        if (frame[(i + 1) % 2].surface) {
            if (!live_host_converted(&target->host, &frame[(i + 1) % 2], false))
                atomic_store(&target->failed, true);
            fr_frame_release(&frame[(i + 1) % 2]);
            atomic_fetch_add(&target->converted, 1);
        }
    }
    for (int i = 0; i < 2; i++)
        fr_frame_release(&frame[i]);
    return NULL;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t offered_by(const struct target *target)
{
    const struct live_shared *const shared = target->live.shared;
    return (uint64_t)atomic_load(&shared->pushed) + atomic_load(&shared->missed);
}

struct count {
    uint64_t converted, offered;
};

static void write_result(struct json *json, struct target *targets, uint32_t count,
                         const struct count *before, double seconds, double cpu)
{
    const double pixels = (double)targets[0].live.width * targets[0].live.height;
    const double moved = targets[0].live.hdr ? 8 + 3 : 4 + 1.5, copied = targets[0].live.hdr ? 16 : 8;
    double total = 0, least = 1e30, most = 0, offered = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double rate = (double)(atomic_load(&targets[i].converted) - before[i].converted) / seconds;
        offered += (double)(offered_by(&targets[i]) - before[i].offered) / seconds;
        total += rate;
        least = rate < least ? rate : least;
        most = rate > most ? rate : most;
    }
    json_number(json, "seconds", seconds);
    json_number(json, "frames_per_s", total);
    if (targets[0].live.period_us > 0)
        json_number(json, "offered_per_s", offered);
    json_number(json, "least_frames_per_s", least);
    json_number(json, "most_frames_per_s", most);
    json_number(json, "converted_gb_s", total * pixels * moved / 1e9);
    json_number(json, "converted_and_copied_gb_s", total * pixels * (moved + copied) / 1e9);
    json_number(json, "host_cpu_s_per_s", cpu / seconds);
}

static bool measure(struct json *json, struct target *targets, uint32_t count, double seconds)
{
    struct count before[TARGETS_MAX];
    bool good = true;
    atomic_store(&stopping, false);
    for (uint32_t i = 0; i < count; i++)
        pthread_create(&targets[i].thread, NULL, run_target, &targets[i]);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    for (uint32_t i = 0; i < count; i++)
        before[i] = (struct count){atomic_load(&targets[i].converted), offered_by(&targets[i])};
    const double cpu = cpu_seconds(), start = stats_now_us();
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    write_result(json, targets, count, before, (stats_now_us() - start) / 1e6, cpu_seconds() - cpu);
    atomic_store(&stopping, true);
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(targets[i].thread, NULL);
        good = good && !atomic_load(&targets[i].failed);
    }
    return good;
}

static bool run_host(struct json *json, struct target *targets, uint32_t count, double seconds)
{
    bool good = true;
    uint32_t open = 0;
    for (; good && open < count; open += good)
        good = live_host_open(&targets[open].host, &targets[open].live);
    good = good && measure(json, targets, count, seconds);
    for (uint32_t i = 0; i < open; i++) {
        atomic_store(&targets[i].live.shared->stop, true);
        live_host_close(&targets[i].host);
    }
    return good;
}

struct row {
    uint32_t count;
    bool hdr, together; /* together: the sources are one process's */
    double hz;          /* 0: as fast as it goes */
};

/* Child 0 is the host. */
static pid_t start(struct probe *probe, struct target *targets, const struct row *row, uint32_t child)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (child > 0 && row->together) {
        struct live *lives[TARGETS_MAX];
        for (uint32_t i = 0; i < row->count; i++)
            lives[i] = &targets[i].live;
        _exit(live_sources_run(lives, row->count));
    }
    if (child > 0)
        _exit(live_source_run(&targets[child - 1].live));
    const bool good = run_host(&probe->json, targets, row->count, 1);
    fflush(probe->json.file);
    _exit(good ? 0 : 1);
}

static void write_row(struct json *json, const struct row *row)
{
    json_object(json, NULL);
    json_integer(json, "targets", row->count);
    json_text(json, "frame", row->hdr ? "RGBA16F" : "BGRA8");
    json_number(json, "paced_hz", row->hz);
    json_text(json, "sources", row->together ? "one process" : "processes");
    fflush(json->file);
}

static void run_row(struct probe *probe, const struct row *row)
{
    static struct target targets[TARGETS_MAX];
    const size_t bytes = TARGETS_MAX * sizeof(struct live_shared);
    struct live_shared *const shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const uint32_t num_children = row->together ? 2 : row->count + 1;
    pid_t children[TARGETS_MAX + 1];
    char folder[64];
    bool good = shared != MAP_FAILED;
    live_folder_make(folder, sizeof folder);
    for (uint32_t i = 0; i < row->count; i++) {
        targets[i] = (struct target){0};
        targets[i].live = (struct live){.device = probe->device,
                                        .folder = folder,
                                        .target = i + 1,
                                        .width = probe->quick ? 640 : 3840,
                                        .height = probe->quick ? 360 : 2160,
                                        .hdr = row->hdr,
                                        .event = eventfd(0, 0),
                                        .period_us = row->hz > 0 ? 1e6 / row->hz : 0,
                                        .shared = &shared[i],
                                        .host = {.device = probe->device}};
    }
    write_row(&probe->json, row);
    for (uint32_t i = 0; i < num_children; i++)
        children[i] = start(probe, targets, row, i);
    for (uint32_t i = 0; i < num_children; i++) {
        int status = 1;
        waitpid(children[i], &status, 0);
        good = good && status == 0;
        for (uint32_t k = 0; i == 0 && k < row->count; k++) {
            atomic_store(&shared[k].stop, true);
            close(targets[k].live.event);
        }
    }
    probe->json.more = true;
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    munmap(shared, bytes);
    live_folder_remove(folder);
}

/* `only`: a frame; NULL: both. */
static bool is_wanted(const char *only, bool hdr)
{
    return !only || !strcmp(only, hdr ? "RGBA16F" : "BGRA8");
}

static void run_rows(struct probe *probe, const char *only, uint32_t most)
{
    static const struct row rows[] = {
        {1, false, false, 0},    {4, false, false, 0},    {16, false, false, 0},   {16, false, false, 60},
        {16, false, false, 120}, {16, false, false, 240}, {16, false, false, 480}, {1, false, true, 0},
        {4, false, true, 0},     {16, false, true, 0},    {16, false, true, 120},  {16, false, true, 480},
        {16, false, true, 600},
    };
    json_array(&probe->json, "runs");
    for (int hdr = 0; hdr < 2; hdr++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct row row = rows[i];
            row.hdr = hdr;
            if (is_wanted(only, hdr) && row.count <= most)
                run_row(probe, &row);
        }
    json_end_array(&probe->json);
}

/* Beside what they bound, on the same warm machine. */
static void run_bare(struct probe *probe, const char *only, uint32_t most)
{
    const int both = HANDOFF_CAN_SHARE | HANDOFF_CAN_COMPUTE, can = handoff_can(probe);
    static const struct bare_row rows[] = {
        {1, false, BARE_PROCESSES, 1},         {4, false, BARE_PROCESSES, 1},
        {16, false, BARE_PROCESSES, 1},        {16, false, BARE_PROCESSES, 4},
        {1, false, BARE_SOURCES_TOGETHER, 1},  {4, false, BARE_SOURCES_TOGETHER, 1},
        {16, false, BARE_SOURCES_TOGETHER, 1}, {16, false, BARE_ALL_TOGETHER, 4}};
    json_array(&probe->json, "bare");
    for (int hdr = 0; can >= 0 && (can & both) == both && hdr < 2; hdr++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            struct bare_row row = rows[i];
            row.halves = hdr;
            if (is_wanted(only, hdr) && row.count <= most)
                bare_targets_run(probe, &row);
        }
    json_end_array(&probe->json);
}

int cmd_targets(int argc, char **argv)
{
    static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {"most", required_argument, NULL, 'm'},
                                            {"frame", required_argument, NULL, 'f'},
                                            {"parts", required_argument, NULL, 'p'},
                                            {0}};
    struct probe probe = {0};
    const char *folder = ".", *frame = NULL, *parts = "changes,bare,runs";
    char path[4096];
    uint32_t most = TARGETS_MAX;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'm')
            most = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'f')
            frame = optarg;
        else if (option == 'p')
            parts = optarg;
        else if (!probe_option(&probe, option, &folder))
            return 2;
    }
    snprintf(path, sizeof path, "%s/targets%s%s.json", folder, frame ? "-" : "", frame ? frame : "");
    FILE *const file = fopen(path, "w");
    if (!file) {
        perror(path);
        return 1;
    }
    most = most < TARGETS_MAX ? most : TARGETS_MAX;
    json_open(&probe.json, file);
    if (strstr(parts, "changes"))
        changes_run(&probe);
    if (strstr(parts, "bare"))
        run_bare(&probe, frame, most);
    if (strstr(parts, "runs"))
        run_rows(&probe, frame, most);
    json_close(&probe.json);
    return fclose(file) != 0;
}
